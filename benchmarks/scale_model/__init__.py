"""A library of any size on paper: storage, memory, time, machines and money, from measured rates."""
