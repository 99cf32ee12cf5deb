package coupon;

import java.util.Map;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.ExceptionHandler;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RestController;

@RestController
class CouponController {
    record Claim(long userId) {}

    record Reset(int limit) {}

    private final CouponService service;
    private final Setup setup;

    CouponController(Map<String, CouponService> services, Setup setup) {
        this.service = services.get(Tables.KIND);
        this.setup = setup;
    }

    @PostMapping("/{kind}/coupons")
    ResponseEntity<Void> claim(@PathVariable String kind, @RequestBody Claim claim) {
        return answer(kind.equals(Tables.KIND) ? service.claim(claim.userId()) : 404);
    }

    @PostMapping("/{kind}/reset")
    ResponseEntity<Void> reset(@PathVariable String kind, @RequestBody Reset reset) {
        setup.reset(reset.limit());
        return answer(204);
    }

    @GetMapping("/health")
    ResponseEntity<Void> health() {
        return answer(204);
    }

    @ExceptionHandler
    ResponseEntity<String> failed(Exception error) {
        return ResponseEntity.status(500).body(error.toString());
    }

    private static ResponseEntity<Void> answer(int status) {
        return ResponseEntity.status(status).build();
    }
}
