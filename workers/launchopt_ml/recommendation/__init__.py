"""Lists for customers that mix known and new products, each entry with a reason that is true."""
