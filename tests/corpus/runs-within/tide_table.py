import csv

with open('soundings/tides.txt') as lines, open('grid/tides.csv', 'w', newline='') as out:
    csv.writer(out).writerows(line.split() for line in lines)
