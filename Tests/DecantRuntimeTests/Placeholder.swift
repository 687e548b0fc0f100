// The first tests of DecantRuntime go here.
