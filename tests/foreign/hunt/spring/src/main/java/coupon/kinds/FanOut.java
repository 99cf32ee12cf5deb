package coupon.kinds;

import coupon.Coupon;
import coupon.CouponRepository;
import coupon.CouponService;
import coupon.EventRepository;
import java.util.concurrent.CompletableFuture;
import org.springframework.stereotype.Service;

/** Two statements of one request run at the same time, on two connections. */
@Service("fan-out")
public class FanOut implements CouponService {
    private final EventRepository events;
    private final CouponRepository coupons;

    FanOut(EventRepository events, CouponRepository coupons) {
        this.events = events;
        this.coupons = coupons;
    }

    @Override
    public int claim(long userId) {
        var count = CompletableFuture.supplyAsync(coupons::count);
        var event = CompletableFuture.supplyAsync(() -> events.findById(1).orElseThrow());
        if (count.join() >= event.join().getLimitN()) {
            return SOLD_OUT;
        }
        coupons.save(new Coupon(userId));
        return ISSUED;
    }
}
