//! The codes that clients rely on, each with its status and its words in both languages. A code never changes its meaning.

use axum::http::StatusCode;
use souk_domain::Locale;

macro_rules! codes {
    ($($variant:ident = $name:literal, $status:ident, en: $en:literal, $en_detail:literal, ar: $ar:literal, $ar_detail:literal;)+) => {
        /// What kind of problem it is.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Code {
            $($variant,)+
        }

        impl Code {
            #[cfg(test)]
            pub(crate) const ALL: &[Self] = &[$(Self::$variant,)+];

            /// The stable name.
            pub(crate) fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            /// The HTTP status.
            pub(crate) fn status(self) -> StatusCode {
                match self { $(Self::$variant => StatusCode::$status,)+ }
            }

            /// What kind of problem it is, for people.
            pub(crate) fn title(self, locale: Locale) -> &'static str {
                match (self, locale) { $((Self::$variant, Locale::En) => $en, (Self::$variant, Locale::Ar) => $ar,)+ }
            }

            /// What to do about it, for people.
            pub(crate) fn detail(self, locale: Locale) -> &'static str {
                match (self, locale) {
                    $((Self::$variant, Locale::En) => $en_detail, (Self::$variant, Locale::Ar) => $ar_detail,)+
                }
            }
        }
    };
}

codes! {
    BadJson = "bad_json", BAD_REQUEST,
        en: "Not JSON", "The body is not well-formed JSON.",
        ar: "ليس JSON", "محتوى الطلب ليس بصيغة JSON صحيحة.";
    BadUtf8 = "bad_utf8", BAD_REQUEST,
        en: "Not UTF-8", "The body is not text in UTF-8.",
        ar: "ليس UTF-8", "محتوى الطلب ليس نصًا بترميز UTF-8.";
    BadCursor = "bad_cursor", BAD_REQUEST,
        en: "Unknown cursor", "The cursor was not made by this list. Start again without one.",
        ar: "مؤشر غير معروف", "هذا المؤشر لا يخص هذه القائمة. ابدأ من جديد دون مؤشر.";
    KeyMissing = "idempotency_key_missing", BAD_REQUEST,
        en: "Idempotency-Key is missing", "Send an Idempotency-Key header with every order, so that a repeat does not buy twice.",
        ar: "الترويسة Idempotency-Key مفقودة", "أرسل الترويسة Idempotency-Key مع كل طلب شراء حتى لا يتكرر الشراء.";
    LinkInvalid = "token_invalid", BAD_REQUEST,
        en: "The link is not valid", "This link is too old or was used. Ask for a new one.",
        ar: "الرابط غير صالح", "هذا الرابط قديم أو استُخدم من قبل. اطلب رابطًا جديدًا.";
    Unauthenticated = "unauthenticated", UNAUTHORIZED,
        en: "Sign in first", "This needs you to be signed in.",
        ar: "سجّل الدخول أولًا", "يلزم تسجيل الدخول للقيام بذلك.";
    TokenExpired = "token_expired", UNAUTHORIZED,
        en: "The access token is too old", "Refresh the session and try again.",
        ar: "انتهت صلاحية رمز الدخول", "جدّد الجلسة ثم حاول مرة أخرى.";
    TokenInvalid = "token_invalid", UNAUTHORIZED,
        en: "The access token is not valid", "Sign in again.",
        ar: "رمز الدخول غير صالح", "سجّل الدخول مرة أخرى.";
    BadCredentials = "bad_credentials", UNAUTHORIZED,
        en: "Wrong address or password", "The e-mail address or the password is wrong.",
        ar: "البريد أو كلمة المرور غير صحيحة", "عنوان البريد الإلكتروني أو كلمة المرور غير صحيحة.";
    SessionExpired = "session_expired", UNAUTHORIZED,
        en: "The session ended", "Sign in again.",
        ar: "انتهت الجلسة", "سجّل الدخول مرة أخرى.";
    TokenReused = "token_reused", UNAUTHORIZED,
        en: "The session was ended for safety", "Its token was used twice, so somebody may have a copy. Sign in again.",
        ar: "أُنهيت الجلسة حفاظًا على الأمان", "استُخدم رمز الجلسة مرتين، وقد تكون لدى غيرك نسخة منه. سجّل الدخول مرة أخرى.";
    Forbidden = "forbidden", FORBIDDEN,
        en: "Not allowed", "Your account may not do this.",
        ar: "غير مسموح", "لا يملك حسابك صلاحية القيام بذلك.";
    OriginRefused = "origin_refused", FORBIDDEN,
        en: "The origin is refused", "This page may not use the session of this shop.",
        ar: "المصدر مرفوض", "لا يُسمح لهذه الصفحة باستخدام جلسة هذا المتجر.";
    SetupCodeWrong = "setup_code_wrong", FORBIDDEN,
        en: "Wrong set-up code", "The set-up code is not the one that the server printed.",
        ar: "رمز الإعداد غير صحيح", "رمز الإعداد ليس الرمز الذي طبعه الخادم.";
    NotFound = "not_found", NOT_FOUND,
        en: "Not found", "There is nothing here, or it is not yours to see.",
        ar: "غير موجود", "لا يوجد شيء هنا، أو لا يحق لك الاطلاع عليه.";
    MethodNotAllowed = "method_not_allowed", METHOD_NOT_ALLOWED,
        en: "Method not allowed", "This address does not take this method.",
        ar: "الطريقة غير مسموحة", "لا يقبل هذا العنوان طريقة HTTP هذه.";
    RequestTimeout = "request_timeout", REQUEST_TIMEOUT,
        en: "The request took too long", "The body did not arrive in time.",
        ar: "استغرق الطلب وقتًا طويلًا", "لم يصل محتوى الطلب في الوقت المحدد.";
    EmailTaken = "email_taken", CONFLICT,
        en: "The address has an account", "There is an account with this e-mail address. Sign in instead.",
        ar: "لهذا البريد حساب", "يوجد حساب بهذا البريد الإلكتروني. سجّل الدخول بدلًا من ذلك.";
    AlreadySetUp = "already_set_up", CONFLICT,
        en: "The shop is set up", "Somebody runs this shop already.",
        ar: "المتجر مُعَدّ", "يوجد من يدير هذا المتجر.";
    HandleTaken = "handle_taken", CONFLICT,
        en: "The handle is taken", "Another product has this handle.",
        ar: "الاسم المختصر مستخدم", "يستخدم منتج آخر هذا الاسم المختصر.";
    ChangedMeanwhile = "changed_meanwhile", CONFLICT,
        en: "Changed meanwhile", "Somebody else changed it at the same time. Look at it again, then try again.",
        ar: "تغيّر في هذه الأثناء", "غيّره شخص آخر في الوقت نفسه. اطّلع عليه من جديد ثم حاول مرة أخرى.";
    OutOfStock = "out_of_stock", CONFLICT,
        en: "Not enough left", "There is not enough left of some lines.",
        ar: "الكمية غير كافية", "لا تكفي الكمية المتبقية من بعض الأصناف.";
    PriceChanged = "price_changed", CONFLICT,
        en: "The price changed", "The total is not the one that you saw. Look at it again, then order.",
        ar: "تغيّر السعر", "الإجمالي ليس الذي رأيته. راجعه ثم أكّد الطلب.";
    InvalidTransition = "invalid_transition", CONFLICT,
        en: "Not from here", "It cannot go from where it is to where it should.",
        ar: "خطوة غير ممكنة", "لا يمكن الانتقال من الحالة الحالية إلى الحالة المطلوبة.";
    StockBelowZero = "stock_below_zero", CONFLICT,
        en: "Not that much in stock", "Stock cannot go below zero.",
        ar: "المخزون لا يكفي", "لا يمكن أن يصبح المخزون أقل من الصفر.";
    IdConflict = "id_conflict", CONFLICT,
        en: "The id is taken", "Another entry of this stream has this id. Send what you want to say with a new one.",
        ar: "المعرّف مستخدم", "يستخدم إدخال آخر في هذا المسار هذا المعرّف. أعد الإرسال بمعرّف جديد.";
    MessageDeleted = "message_deleted", CONFLICT,
        en: "The message was deleted", "There is nothing left of this message to change.",
        ar: "حُذفت الرسالة", "لم يبقَ من هذه الرسالة ما يمكن تغييره.";
    ConversationTaken = "conversation_taken", CONFLICT,
        en: "A colleague has it", "A colleague answers this conversation. Take it over on purpose, or leave it to them.",
        ar: "المحادثة لدى زميل", "يتولى زميل هذه المحادثة. انقلها إليك عن قصد أو اتركها له.";
    RequestInProgress = "request_in_progress", CONFLICT,
        en: "The request is being worked on", "The same request with this Idempotency-Key is not answered yet.",
        ar: "الطلب قيد التنفيذ", "لم يُجَب بعد عن الطلب نفسه بهذا المفتاح Idempotency-Key.";
    PreconditionFailed = "precondition_failed", PRECONDITION_FAILED,
        en: "Changed since you looked", "It is not what the If-Match header names any more. Look at it again, then try again.",
        ar: "تغيّر منذ اطلاعك عليه", "لم يعد كما تحدده الترويسة If-Match. اطّلع عليه من جديد ثم حاول مرة أخرى.";
    BodyTooLarge = "body_too_large", PAYLOAD_TOO_LARGE,
        en: "The body is too large", "The body has more bytes than are taken here.",
        ar: "محتوى الطلب كبير جدًا", "محتوى الطلب أكبر من الحد المسموح.";
    UnsupportedMediaType = "unsupported_media_type", UNSUPPORTED_MEDIA_TYPE,
        en: "Unsupported media type", "The body's Content-Type is not one that is taken here.",
        ar: "نوع المحتوى غير مدعوم", "نوع محتوى الطلب (Content-Type) غير مقبول هنا.";
    InvalidInput = "invalid_input", UNPROCESSABLE_ENTITY,
        en: "Some fields cannot be taken", "See what is said of each field.",
        ar: "بعض الحقول غير مقبولة", "راجع الملاحظة على كل حقل.";
    KeyReused = "idempotency_key_reused", UNPROCESSABLE_ENTITY,
        en: "Idempotency-Key was used before", "This Idempotency-Key was used for another request.",
        ar: "المفتاح Idempotency-Key مستخدم", "استُخدم هذا المفتاح Idempotency-Key لطلب آخر.";
    VariantUnknown = "variant_unknown", UNPROCESSABLE_ENTITY,
        en: "Not sold here", "A line names something that is not sold here, or not any more.",
        ar: "غير معروض للبيع", "في الطلب صنف لا يُباع هنا، أو لم يعد يُباع.";
    TooManyAttempts = "too_many_attempts", TOO_MANY_REQUESTS,
        en: "Too many attempts", "Wait a little, then try again.",
        ar: "محاولات كثيرة جدًا", "انتظر قليلًا ثم حاول مرة أخرى.";
    Internal = "internal", INTERNAL_SERVER_ERROR,
        en: "Something went wrong", "The fault is ours. If it stays, tell us the request id.",
        ar: "حدث خطأ ما", "الخطأ من جهتنا. إن استمر فأرسل إلينا رقم الطلب requestId.";
    Unavailable = "unavailable", SERVICE_UNAVAILABLE,
        en: "Not available right now", "Try again in a moment.",
        ar: "غير متاح الآن", "حاول مرة أخرى بعد لحظات.";
    Busy = "busy", SERVICE_UNAVAILABLE,
        en: "Too many orders wait", "Nothing was bought. Try again in a moment with the same Idempotency-Key.",
        ar: "طلبات كثيرة في الانتظار", "لم يُنفَّذ الشراء. حاول مرة أخرى بعد لحظات بالمفتاح Idempotency-Key نفسه.";
}

impl Code {
    /// The `WWW-Authenticate` challenge (RFC 6750 §3); none where signing in with a token is not the way.
    pub(super) fn challenge(self) -> Option<&'static str> {
        match self {
            Self::TokenExpired => Some(
                "Bearer realm=\"souk\", error=\"invalid_token\", error_description=\"the token is too old\"",
            ),
            Self::TokenInvalid => Some(
                "Bearer realm=\"souk\", error=\"invalid_token\", error_description=\"the token is not valid\"",
            ),
            Self::Forbidden => Some("Bearer realm=\"souk\", error=\"insufficient_scope\""),
            // RFC 9110 §15.5.2 asks for a challenge with every 401.
            Self::Unauthenticated
            | Self::BadCredentials
            | Self::SessionExpired
            | Self::TokenReused => Some("Bearer realm=\"souk\""),
            _ => None,
        }
    }
}
