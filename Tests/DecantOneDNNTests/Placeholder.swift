// The first tests of DecantOneDNN go here.
