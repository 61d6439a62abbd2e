from tripkit.fit import fit

print(fit)
