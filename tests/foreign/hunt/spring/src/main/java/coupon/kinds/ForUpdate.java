package coupon.kinds;

import coupon.Coupon;
import coupon.CouponRepository;
import coupon.CouponService;
import coupon.Event;
import coupon.EventRepository;
import org.springframework.stereotype.Service;
import org.springframework.transaction.annotation.Transactional;

/** The row of the event is locked until COMMIT, so requests follow one another. */
@Service("for-update")
public class ForUpdate implements CouponService {
    private final EventRepository events;
    private final CouponRepository coupons;

    ForUpdate(EventRepository events, CouponRepository coupons) {
        this.events = events;
        this.coupons = coupons;
    }

    @Override
    @Transactional
    public int claim(long userId) {
        Event event = events.findByIdForUpdate(1).orElseThrow();
        if (coupons.existsByUserId(userId)) {
            return DUPLICATE;
        }
        if (coupons.count() >= event.getLimitN()) {
            return SOLD_OUT;
        }
        coupons.save(new Coupon(userId));
        return ISSUED;
    }
}
