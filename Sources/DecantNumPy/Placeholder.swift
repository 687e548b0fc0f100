// Placeholder until the first file of DecantNumPy lands.
