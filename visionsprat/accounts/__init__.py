"""Who somebody is: sign-in, passwords, the second factor, invitations."""
