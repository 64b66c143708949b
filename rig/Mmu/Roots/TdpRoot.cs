using System.Runtime.CompilerServices;

namespace Lab.Mmu;

/// <summary>A root: the header of one top-level table, in native memory on its own cache lines. This is the handle; copying it
/// takes no reference.</summary>
/// <remarks>The words are shared: read and write them through <see cref="IMachine"/>. Who may: <see cref="Count"/> anybody,
/// atomically; <see cref="Role"/> anybody may read, only the strategy sets the invalid bit, under the hold its source asks for;
/// <see cref="Flags"/>, <see cref="OwnNext"/> and <see cref="Busy"/> belong to the strategy; the links belong to
/// <see cref="RootList{TMachine}"/>.</remarks>
public readonly unsafe struct TdpRoot : IEquatable<TdpRoot>
{
    // SAFETY: a handle holds the address of a header in a pool that stays mapped for the life of the VM: a stale handle reads the
    // poison of a freed header, never memory of somebody else.
    private readonly nint _address;

    internal TdpRoot(RootHeader* header) => _address = (nint)header;

    private TdpRoot(nint address) => _address = address;

    public static TdpRoot None => default;

    public bool IsNone => _address == 0;

    /// <summary>Number given when the root was created; never reused in this process.</summary>
    public ulong Id => Header->Id;

    /// <summary>The reference count (kernel: tdp_mmu_root_count).</summary>
    public ref ulong Count
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => ref Header->Count;
    }

    /// <summary>The role word with the invalid bit (kernel: role.word).</summary>
    public ref ulong Role
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => ref Header->Role;
    }

    /// <summary>Bits of the strategy's own, zero at creation.</summary>
    public ref ulong Flags => ref Header->Flags;

    /// <summary>Word of the strategy's own for chaining roots; zero at creation. See <see cref="FromWord"/>.</summary>
    public ref ulong OwnNext => ref Header->OwnNext;

    /// <summary>Word of the strategy's own for counting threads inside the tree; zero at creation.</summary>
    public ref ulong Busy => ref Header->Busy;

    /// <summary>This handle as a word that a strategy can store in a link.</summary>
    public ulong AsWord => (ulong)_address;

    /// <summary>Address of the top-level table.</summary>
    internal ulong* Table => Header->Table;

    internal RootHeader* Header
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => (RootHeader*)_address;
    }

    /// <summary>The handle that was stored with <see cref="AsWord"/>; zero gives <see cref="None"/>.</summary>
    public static TdpRoot FromWord(ulong word) => new((nint)word);

    public static bool operator ==(TdpRoot left, TdpRoot right) => left._address == right._address;

    public static bool operator !=(TdpRoot left, TdpRoot right) => left._address != right._address;

    public bool Equals(TdpRoot other) => _address == other._address;

    public override bool Equals(object? obj) => obj is TdpRoot other && Equals(other);

    public override int GetHashCode() => _address.GetHashCode();

    public override string ToString() => IsNone ? "no root" : $"root#{Id}";
}

/// <summary>Life of a root header.</summary>
internal enum RootState : ulong
{
    Free,
    Live,

    /// <summary>Off the list; its memory is freed after a grace period.</summary>
    Unlinked,

    /// <summary>Freed; poisoned until the header is used again.</summary>
    Dead,
}

/// <summary>Layout of a root header: identity and links on the first cache line, the contended words on the second.</summary>
internal unsafe struct RootHeader
{
    public const ulong PoisonCount = 0xdead_dead;

    /// <summary>Bytes from one header to the next.</summary>
    public const int Stride = 128;

    public RcuHead Rcu;
    public ulong Id;
    public ulong* Table;
    public ulong Next;
    public ulong Previous;
    public ulong OwnNext;
    public ulong WorkState;

    public ulong Count;
    public ulong Role;
    public ulong Flags;
    public ulong Busy;
    public ulong State;
    public ulong WorkNext;
    public ulong WorkColor;
    public ulong InvalidatedBy;
}
