using Lab.Explorer.Orders;

namespace Lab.Explorer.Litmus;

internal enum LitmusOperationKind
{
    Load,
    Store,

    /// <summary>A store and a full fence behind it.</summary>
    StoreThenFence,
    Exchange,
    CompareExchange,

    /// <summary>C11's: says whether it has written, and where not leaves what it found in the register that held what it looked
    /// for.</summary>
    CompareExchangeInto,
    AddUnless,

    /// <summary>Read-modify-write by an operator.</summary>
    Arithmetic,
    Fence,

    /// <summary>Restrains the compiler only.</summary>
    Nothing,
    Lock,
    TryLock,
    Unlock,
    IsLocked,
}

internal enum LitmusResult
{
    Nothing,
    Old,
    New,

    /// <summary>Whether the new value is 0.</summary>
    IsZero,

    /// <summary>Whether the new value is negative.</summary>
    IsNegative,
}

/// <summary>An operation of the kernel's C that litmus tests may use.</summary>
/// <param name="Name">As the kernel calls it.</param>
/// <param name="Kind">What it does.</param>
/// <param name="Parameters">How many it takes.</param>
internal sealed record LitmusOperation(string Name, LitmusOperationKind Kind, int Parameters)
{
    /// <summary>What is supported, for messages.</summary>
    internal const string Supported = "READ_ONCE, WRITE_ONCE, smp_load_acquire, smp_store_release, smp_store_mb, smp_mb, "
        + "smp_rmb, smp_wmb, smp_mb__before_atomic and the like, xchg, cmpxchg, atomic_*, spin_lock, spin_trylock, spin_unlock, "
        + "spin_is_locked, rcu_*, synchronize_rcu, " + C11Operation.Supported;

    internal EventOrder Order { get; init; }

    internal FenceKind Fence { get; init; }

    /// <summary>It is C11's, none of the kernel's.</summary>
    internal bool IsC11 { get; init; }

    /// <summary>How many orders a call of C11's says, behind the other arguments.</summary>
    internal int OrdersSaid { get; init; }

    /// <summary>Of C11's compare-and-exchange where it does not write.</summary>
    internal EventOrder FailedOrder { get; init; }

    /// <summary>The address is an lvalue, as in <c>READ_ONCE(*x)</c>.</summary>
    internal bool TakesLvalue { get; init; }

    /// <summary>Index of the address among the arguments as the kernel has them.</summary>
    internal int AddressAt { get; init; }

    internal string Sign { get; init; } = "";

    /// <summary>The second operand where the name implies it: 1 of atomic_inc.</summary>
    internal bool IsByOne { get; init; }

    internal LitmusResult Result { get; init; }

    /// <summary>It is an access whose order can be another.</summary>
    internal bool HasOrder => Kind is LitmusOperationKind.Load or LitmusOperationKind.Store or LitmusOperationKind.Exchange
        or LitmusOperationKind.CompareExchange or LitmusOperationKind.CompareExchangeInto or LitmusOperationKind.Arithmetic;

    internal bool HasAddress => Kind is not (LitmusOperationKind.Fence or LitmusOperationKind.Nothing);

    private static readonly Dictionary<string, LitmusOperation> Plain = new[]
    {
        Load("READ_ONCE", EventOrder.Relaxed) with { TakesLvalue = true },
        Load("rcu_dereference", EventOrder.Relaxed) with { TakesLvalue = true },
        Load("smp_load_acquire", EventOrder.Acquire),
        Load("atomic_read", EventOrder.Relaxed),
        Load("atomic_read_acquire", EventOrder.Acquire),
        Store("WRITE_ONCE", EventOrder.Relaxed) with { TakesLvalue = true },
        Store("smp_store_release", EventOrder.Release),
        Store("rcu_assign_pointer", EventOrder.Release) with { TakesLvalue = true },
        Store("atomic_set", EventOrder.Relaxed),
        Store("atomic_set_release", EventOrder.Release),
        new("smp_store_mb", LitmusOperationKind.StoreThenFence, 2) { TakesLvalue = true },
        FenceOf("smp_mb", FenceKind.Full),
        FenceOf("smp_wmb", FenceKind.Store),
        FenceOf("smp_rmb", FenceKind.Load),
        FenceOf("smp_mb__before_atomic", FenceKind.BeforeAtomic),
        FenceOf("smp_mb__after_atomic", FenceKind.AfterAtomic),
        FenceOf("smp_mb__after_spinlock", FenceKind.AfterSpinLock),
        FenceOf("smp_mb__after_unlock_lock", FenceKind.AfterUnlockLock),
        FenceOf("rcu_read_lock", FenceKind.EnterRcu),
        FenceOf("rcu_read_unlock", FenceKind.ExitRcu),
        FenceOf("synchronize_rcu", FenceKind.GracePeriod),
        FenceOf("synchronize_rcu_expedited", FenceKind.GracePeriod),
        new("barrier", LitmusOperationKind.Nothing, 0),
        new("spin_lock", LitmusOperationKind.Lock, 1),
        new("spin_trylock", LitmusOperationKind.TryLock, 1) { Result = LitmusResult.Old },
        new("spin_unlock", LitmusOperationKind.Unlock, 1),
        new("spin_is_locked", LitmusOperationKind.IsLocked, 1) { Result = LitmusResult.Old },
        new("atomic_add_unless", LitmusOperationKind.AddUnless, 3) { Result = LitmusResult.Old },
    }.ToDictionary(operation => operation.Name);

    private static readonly (string Suffix, EventOrder Order)[] Suffixes =
        [("_relaxed", EventOrder.Relaxed), ("_acquire", EventOrder.Acquire), ("_release", EventOrder.Release)];

    /// <summary>The operation of that name, or null.</summary>
    internal static LitmusOperation? Find(string name)
    {
        if (Plain.TryGetValue(name, out LitmusOperation? plain)) return plain;
        if (C11Operation.Find(name) is { } atomic) return atomic;
        (string stem, EventOrder order) = (name, EventOrder.Full);
        foreach ((string suffix, EventOrder own) in Suffixes)
        {
            if (name.EndsWith(suffix, StringComparison.Ordinal)) (stem, order) = (name[..^suffix.Length], own);
        }
        if (stem is "xchg" or "atomic_xchg")
        {
            return new LitmusOperation(name, LitmusOperationKind.Exchange, 2) { Order = order, Result = LitmusResult.Old };
        }
        if (stem is "cmpxchg" or "atomic_cmpxchg")
        {
            return new LitmusOperation(name, LitmusOperationKind.CompareExchange, 3) { Order = order, Result = LitmusResult.Old };
        }
        return stem.StartsWith("atomic_", StringComparison.Ordinal) ? Arithmetic(name, stem["atomic_".Length..], order) : null;
    }

    /// <summary>atomic_add, atomic_fetch_add, atomic_add_return, atomic_sub_and_test, atomic_add_negative and their
    /// like.</summary>
    private static LitmusOperation? Arithmetic(string name, string stem, EventOrder order)
    {
        LitmusResult result = LitmusResult.Nothing;
        if (stem.StartsWith("fetch_", StringComparison.Ordinal)) (stem, result) = (stem["fetch_".Length..], LitmusResult.Old);
        foreach ((string suffix, LitmusResult own) in ((string, LitmusResult)[])
            [("_return", LitmusResult.New), ("_and_test", LitmusResult.IsZero), ("_negative", LitmusResult.IsNegative)])
        {
            if (result != LitmusResult.Nothing || !stem.EndsWith(suffix, StringComparison.Ordinal)) continue;
            (stem, result) = (stem[..^suffix.Length], own);
        }
        bool isByOne = stem is "inc" or "dec";
        string? sign = stem switch
        {
            "add" or "inc" => "+",
            "sub" or "dec" => "-",
            "and" => "&",
            "or" => "|",
            "xor" => "^",
            "andnot" => "&~",
            _ => null,
        };
        // What returns nothing orders nothing, and has no other form.
        if (sign is null || (result == LitmusResult.Nothing && order != EventOrder.Full)) return null;
        if (result is LitmusResult.New or LitmusResult.IsZero or LitmusResult.IsNegative && sign is not ("+" or "-")) return null;
        return new LitmusOperation(name, LitmusOperationKind.Arithmetic, isByOne ? 1 : 2)
        {
            Order = result == LitmusResult.Nothing ? EventOrder.Relaxed : order, Sign = sign, IsByOne = isByOne, Result = result,
            AddressAt = isByOne ? 0 : 1,
        };
    }

    private static LitmusOperation Load(string name, EventOrder order) =>
        new(name, LitmusOperationKind.Load, 1) { Order = order, Result = LitmusResult.Old };

    private static LitmusOperation Store(string name, EventOrder order) =>
        new(name, LitmusOperationKind.Store, 2) { Order = order };

    private static LitmusOperation FenceOf(string name, FenceKind fence) =>
        new(name, LitmusOperationKind.Fence, 0) { Fence = fence };
}
