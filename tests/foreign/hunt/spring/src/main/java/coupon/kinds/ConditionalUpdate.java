package coupon.kinds;

import coupon.Coupon;
import coupon.CouponRepository;
import coupon.CouponService;
import coupon.EventRepository;
import org.springframework.dao.DataIntegrityViolationException;
import org.springframework.stereotype.Service;
import org.springframework.transaction.support.TransactionTemplate;

/** One UPDATE decides and counts; the unique key decides about duplicates, and the rollback takes the count back. */
@Service("conditional-update")
public class ConditionalUpdate implements CouponService {
    private final EventRepository events;
    private final CouponRepository coupons;
    private final TransactionTemplate transaction;

    ConditionalUpdate(EventRepository events, CouponRepository coupons, TransactionTemplate transaction) {
        this.events = events;
        this.coupons = coupons;
        this.transaction = transaction;
    }

    @Override
    public int claim(long userId) {
        try {
            return transaction.execute(status -> {
                if (events.increment(1) == 0) {
                    return SOLD_OUT;
                }
                coupons.save(new Coupon(userId));
                return ISSUED;
            });
        } catch (DataIntegrityViolationException duplicate) {
            return DUPLICATE;
        }
    }
}
