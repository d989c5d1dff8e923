import { A } from '@solidjs/router'
import { Show } from 'solid-js'
import { formatBytes, formatCount, formatPercent } from '../farm/format.ts'
import { createRead } from '../farm/read.ts'
import { type CheckoutInfo, checkoutHref, storePaths } from '../farm/store.ts'

/** What a submission brought into the store, and what its checkout holds there. */
export function Receipt(props: { checkout: string }) {
  const info = createRead<CheckoutInfo>(() => storePaths.checkout(props.checkout), { key: 'path' })
  return (
    <>
      <dt>Checkout</dt>
      <dd>
        <A href={checkoutHref(props.checkout)} class="mono">
          {props.checkout}
        </A>
      </dd>
      <Show when={info.data()}>{(data) => <ReceiptFacts info={data()} />}</Show>
    </>
  )
}

export function ReceiptFacts(props: { info: CheckoutInfo }) {
  const info = () => props.info
  return (
    <>
      <dt>Referenced</dt>
      <dd>
        {formatBytes(info().bytes)} in {formatCount(info().files, 'file')}
      </dd>
      <dt>Uploaded</dt>
      <dd>
        {formatBytes(info().uploadedBytes)} (
        {formatPercent(info().bytes - info().uploadedBytes, info().bytes)} already in store)
      </dd>
      <dt>Exclusive</dt>
      <dd>{formatBytes(info().exclusiveBytes)} would be freed by deleting</dd>
    </>
  )
}
