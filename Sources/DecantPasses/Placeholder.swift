// Placeholder until the first file of DecantPasses lands.
