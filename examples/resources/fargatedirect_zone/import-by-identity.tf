import {
  to = fargatedirect_zone.browser
  identity = {
    zone_id = "Z9876543210ABCDEFGHIJ"
  }
}
