/** The staff's pages in one piece, loaded when one of them is first opened: shoppers never pay for them. */
export { StaffJobsPage } from './StaffJobsPage'
export { StaffLayout } from './StaffLayout'
export { StaffMailsPage } from './StaffMailsPage'
export { StaffOrderPage } from './StaffOrderPage'
export { StaffOrdersPage } from './StaffOrdersPage'
export { StaffProductsPage } from './StaffProductsPage'
