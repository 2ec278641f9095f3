// wrangler bundles *.html as text (its default rule for modules).
declare module "*.html" {
  const text: string;
  export default text;
}
