package coupon.kinds;

import coupon.Coupon;
import coupon.CouponRepository;
import coupon.CouponService;
import coupon.Event;
import coupon.EventRepository;
import org.springframework.stereotype.Service;
import org.springframework.transaction.annotation.Transactional;

/** Reads the counter; Hibernate writes the value that was read plus one: one of two concurrent increments is lost. */
@Service("read-write-back")
public class ReadWriteBack implements CouponService {
    private final EventRepository events;
    private final CouponRepository coupons;

    ReadWriteBack(EventRepository events, CouponRepository coupons) {
        this.events = events;
        this.coupons = coupons;
    }

    @Override
    @Transactional
    public int claim(long userId) {
        Event event = events.findById(1).orElseThrow();
        if (event.getIssued() >= event.getLimitN()) {
            return SOLD_OUT;
        }
        coupons.save(new Coupon(userId));
        event.setIssued(event.getIssued() + 1);
        return ISSUED;
    }
}
