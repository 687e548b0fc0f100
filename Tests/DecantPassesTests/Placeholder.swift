// The first tests of DecantPasses go here.
