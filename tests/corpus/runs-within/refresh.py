import subprocess

for name in ['01_depths', '02_slopes', '03_chart']:
    subprocess.run(['jupyter', 'nbconvert', '--to', 'notebook', '--execute', '--inplace', f'{name}.ipynb'], check=True)
