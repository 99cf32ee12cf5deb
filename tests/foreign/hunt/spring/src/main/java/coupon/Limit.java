package coupon;

import org.springframework.stereotype.Component;

/** How many coupons there are, for the kinds that do not read it from the event. */
@Component
public class Limit {
    private volatile int limit;

    public int get() {
        return limit;
    }

    public void set(int limit) {
        this.limit = limit;
    }
}
