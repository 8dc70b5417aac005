# By the id of the zone. The parent zone is the one that delegates to it.
terraform import fargatedirect_zone.browser Z9876543210ABCDEFGHIJ

# By the ids of the parent zone and of the zone. The zone may be one that this
# provider did not make, and that nothing leads to yet.
terraform import fargatedirect_zone.browser Z0123456789ABCDEFGHIJ/Z9876543210ABCDEFGHIJ
