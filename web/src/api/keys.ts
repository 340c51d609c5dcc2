/** The names under which answers are cached, in one place, so that what changes them can find them. */
export const keys = {
  shop: ['shop'] as const,
  categories: ['categories'] as const,
  products: ['products'] as const,
  productList: (filter: { q: string; category: string }) => ['products', 'list', filter] as const,
  product: (handle: string) => ['products', 'one', handle] as const,
  stockLists: ['products', 'stock'] as const,
  stockList: (q: string) => ['products', 'stock', q] as const,
  orders: ['orders'] as const,
  myOrders: ['orders', 'mine'] as const,
  order: (id: string) => ['orders', 'one', id] as const,
  ordersOfAnybody: ['orders', 'of'] as const,
  ordersOf: (userId: string) => ['orders', 'of', userId] as const,
  staffOrderLists: ['orders', 'staff'] as const,
  staffOrders: (filter: { status: string; q: string }) => ['orders', 'staff', filter] as const,
  sessions: ['sessions'] as const,
  mails: ['mails'] as const,
  mail: (id: string) => ['mails', id] as const,
  jobs: ['jobs'] as const,
  stream: (key: string) => ['streams', key] as const,
  everyMark: ['marks'] as const,
  marks: (key: string) => ['marks', key] as const,
  typing: (key: string) => ['typing', key] as const,
  everyUnread: ['unread'] as const,
  unread: (key: string) => ['unread', key] as const,
  presence: ['presence'] as const,
  live: ['live'] as const,
  conversations: ['conversations'] as const,
  conversationList: (view: string) => ['conversations', 'list', view] as const,
  conversationCounts: ['conversations', 'counts'] as const,
  conversation: (userId: string) => ['conversations', 'one', userId] as const,
  staffMembers: ['staffMembers'] as const,
  cannedReplies: ['cannedReplies'] as const,
}

/** What anybody may see; everything else belongs to who asked for it. */
export function isPublicKey(key: readonly unknown[]): boolean {
  const [what, which] = key
  return what === 'shop' || what === 'categories' || (what === 'products' && which !== 'stock')
}
