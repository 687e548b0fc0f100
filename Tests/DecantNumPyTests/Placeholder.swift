// The first tests of DecantNumPy go here.
