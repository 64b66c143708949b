using Lab.Explorer.Orders;

namespace Lab.Explorer.Litmus;

/// <summary>C11's atomics as litmus tests have them: <c>atomic_store_explicit(x, 1, memory_order_release)</c>, and the forms
/// without an order, which are sequentially consistent. The kernel's names go first: <c>atomic_fetch_add(1, x)</c> is
/// its.</summary>
internal static class C11Operation
{
    /// <summary>For messages.</summary>
    internal const string Supported = "and of C11 atomic_load, atomic_store, atomic_exchange, "
        + "atomic_compare_exchange_strong, each with or without _explicit, atomic_fetch_add_explicit and its like, "
        + "atomic_thread_fence";

    private const string Explicit = "_explicit";

    /// <summary>The operation of that name, with the order it has if it says none, or null.</summary>
    internal static LitmusOperation? Find(string name)
    {
        bool saysOrder = name.EndsWith(Explicit, StringComparison.Ordinal);
        string stem = saysOrder ? name[..^Explicit.Length] : name;
        LitmusOperation? operation = stem switch
        {
            "atomic_load" => new LitmusOperation(name, LitmusOperationKind.Load, 1) { Result = LitmusResult.Old },
            "atomic_store" => new LitmusOperation(name, LitmusOperationKind.Store, 2),
            "atomic_exchange" => new LitmusOperation(name, LitmusOperationKind.Exchange, 2) { Result = LitmusResult.Old },
            "atomic_compare_exchange_strong" =>
                new LitmusOperation(name, LitmusOperationKind.CompareExchangeInto, 3) { Result = LitmusResult.Old },
            "atomic_thread_fence" when !saysOrder => new LitmusOperation(name, LitmusOperationKind.Fence, 0),
            "atomic_fetch_add" when saysOrder => Fetch("+"),
            "atomic_fetch_sub" when saysOrder => Fetch("-"),
            "atomic_fetch_and" when saysOrder => Fetch("&"),
            "atomic_fetch_or" when saysOrder => Fetch("|"),
            "atomic_fetch_xor" when saysOrder => Fetch("^"),
            _ => null,
        };
        return operation is null ? null : operation with
        {
            IsC11 = true,
            Order = EventOrder.Sequential,
            FailedOrder = EventOrder.Sequential,
            OrdersSaid = operation.Kind == LitmusOperationKind.Fence ? 1 : !saysOrder ? 0
                : operation.Kind == LitmusOperationKind.CompareExchangeInto ? 2 : 1,
        };

        LitmusOperation Fetch(string sign) =>
            new(name, LitmusOperationKind.Arithmetic, 2) { Sign = sign, Result = LitmusResult.Old };
    }

    /// <summary>An order by its name in C, or null.</summary>
    internal static EventOrder? OrderNamed(string name) => name switch
    {
        "memory_order_relaxed" => EventOrder.Relaxed,
        "memory_order_acquire" => EventOrder.Acquire,
        "memory_order_release" => EventOrder.Release,
        "memory_order_acq_rel" => EventOrder.AcquireRelease,
        "memory_order_seq_cst" => EventOrder.Sequential,
        _ => null,
    };

    internal static string NameOf(EventOrder order) => order switch
    {
        EventOrder.Relaxed => "memory_order_relaxed",
        EventOrder.Acquire => "memory_order_acquire",
        EventOrder.Release => "memory_order_release",
        EventOrder.AcquireRelease => "memory_order_acq_rel",
        _ => "memory_order_seq_cst",
    };

    /// <summary>With the orders that a call says.</summary>
    /// <param name="operation">Without.</param>
    /// <param name="orders">As many as it takes; the second is that of a comparison that fails.</param>
    /// <returns>Null if C11 has no such operation: a load that releases, a store that acquires.</returns>
    internal static LitmusOperation? With(this LitmusOperation operation, IReadOnlyList<EventOrder> orders)
    {
        if (orders.Count == 0) return operation;
        EventOrder order = orders[0];
        EventOrder failed = orders.Count > 1 ? orders[1] : EventOrder.Relaxed;
        bool isLoad = operation.Kind == LitmusOperationKind.Load;
        bool isStore = operation.Kind == LitmusOperationKind.Store;
        if (isLoad && order is EventOrder.Release or EventOrder.AcquireRelease) return null;
        if (isStore && order is EventOrder.Acquire or EventOrder.AcquireRelease) return null;
        if (failed is EventOrder.Release or EventOrder.AcquireRelease) return null;
        if (operation.Kind != LitmusOperationKind.Fence) return operation with { Order = order, FailedOrder = failed };
        return order == EventOrder.Relaxed ? operation with { Kind = LitmusOperationKind.Nothing } : operation with
        {
            Fence = order switch
            {
                EventOrder.Acquire => FenceKind.Acquire,
                EventOrder.Release => FenceKind.Release,
                EventOrder.AcquireRelease => FenceKind.AcquireRelease,
                _ => FenceKind.Sequential,
            },
        };
    }
}
