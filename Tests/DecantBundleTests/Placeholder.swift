// The first tests of DecantBundle go here.
