import { createBrowserRouter, Navigate } from 'react-router'
import { AccountPage } from '@/routes/account/AccountPage'
import { ForgotPasswordPage } from '@/routes/account/ForgotPasswordPage'
import { ResetPasswordPage } from '@/routes/account/ResetPasswordPage'
import { SetupPage } from '@/routes/account/SetupPage'
import { SignInPage } from '@/routes/account/SignInPage'
import { SignUpPage } from '@/routes/account/SignUpPage'
import { VerifyEmailPage } from '@/routes/account/VerifyEmailPage'
import { RequireSession, RequireStaff } from '@/routes/guards'
import { NotFoundPage } from '@/routes/NotFoundPage'
import { OrderPage } from '@/routes/orders/OrderPage'
import { OrdersPage } from '@/routes/orders/OrdersPage'
import { CartPage } from '@/routes/shop/CartPage'
import { CheckoutPage } from '@/routes/shop/CheckoutPage'
import { HomePage } from '@/routes/shop/HomePage'
import { ProductPage } from '@/routes/shop/ProductPage'
import { Crash } from './Crash'
import { Frame } from './Frame'
import { Splash } from './Splash'

const staff = () => import('@/routes/staff')

export const router = createBrowserRouter([
  {
    element: <Frame />,
    errorElement: <Crash />,
    HydrateFallback: Splash,
    children: [
      { path: '/', element: <HomePage /> },
      { path: '/p/:handle', element: <ProductPage /> },
      { path: '/cart', element: <CartPage /> },
      { path: '/checkout', element: <CheckoutPage /> },
      { path: '/sign-in', element: <SignInPage /> },
      { path: '/sign-up', element: <SignUpPage /> },
      { path: '/forgot-password', element: <ForgotPasswordPage /> },
      { path: '/reset-password', element: <ResetPasswordPage /> },
      { path: '/verify-email', element: <VerifyEmailPage /> },
      { path: '/setup', element: <SetupPage /> },
      {
        element: <RequireSession />,
        children: [
          { path: '/account', element: <AccountPage /> },
          { path: '/orders', element: <OrdersPage /> },
          { path: '/orders/:id', element: <OrderPage /> },
          {
            element: <RequireStaff />,
            children: [
              {
                path: '/staff',
                lazy: async () => ({ Component: (await staff()).StaffLayout }),
                children: [
                  { index: true, element: <Navigate to="/staff/orders" replace /> },
                  { path: 'orders', lazy: async () => ({ Component: (await staff()).StaffOrdersPage }) },
                  { path: 'orders/:id', lazy: async () => ({ Component: (await staff()).StaffOrderPage }) },
                  { path: 'support', lazy: async () => ({ Component: (await staff()).StaffSupportPage }) },
                  { path: 'support/:userId', lazy: async () => ({ Component: (await staff()).StaffSupportPage }) },
                  {
                    path: 'support-settings',
                    lazy: async () => ({ Component: (await staff()).StaffSupportSettingsPage }),
                  },
                  { path: 'notices', lazy: async () => ({ Component: (await staff()).StaffNoticesPage }) },
                  { path: 'products', lazy: async () => ({ Component: (await staff()).StaffProductsPage }) },
                  { path: 'mails', lazy: async () => ({ Component: (await staff()).StaffMailsPage }) },
                  { path: 'mails/:id', lazy: async () => ({ Component: (await staff()).StaffMailsPage }) },
                  { path: 'jobs', lazy: async () => ({ Component: (await staff()).StaffJobsPage }) },
                ],
              },
            ],
          },
        ],
      },
      { path: '*', element: <NotFoundPage /> },
    ],
  },
])
