"""What each customer is like as a shopper."""
