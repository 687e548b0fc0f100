// The first tests of DecantONNX go here.
