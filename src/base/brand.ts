// A brand makes two types with the same run-time form different to the compiler. It costs nothing
// at run time.

declare const brand: unique symbol;

export type Brand<Base, Name extends string> = Base & { readonly [brand]: Name };
