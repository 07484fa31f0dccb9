module h3s

go 1.25.0
