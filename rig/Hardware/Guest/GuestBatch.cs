using Lab.Mmu;

namespace Lab.Hardware;

/// <summary>What a vCPU's guest code is told and what it answers, in memory that both sides see: a control block, the list of
/// accesses, and what each found. Belongs to the vCPU's thread while the guest is not running, and to the guest while it
/// is.</summary>
/// <remarks>The layout is known to two pieces of machine code: the guest program on <c>kvm</c> and the access routine on
/// <c>host</c>. Words of the list: the page's address (bits 12 up; guest physical, or relative to the window) and the
/// <see cref="AccessKind"/> (low bits).</remarks>
internal sealed unsafe class GuestBatch
{
    /// <summary>Accesses in one list.</summary>
    public const int Capacity = 4096;

    /// <summary>Control block: number of the first access to make (in).</summary>
    public const int FirstOffset = 0;

    /// <summary>Number behind the last access to make (in).</summary>
    public const int EndOffset = 8;

    /// <summary>Number of the first access that was not made (out).</summary>
    public const int NextOffset = 16;

    /// <summary>Why the guest left: a <see cref="CoreExitReason"/> (out).</summary>
    public const int ReasonOffset = 24;

    /// <summary>Bytes behind a page's address at which this vCPU writes (in, constant).</summary>
    public const int WriteAtOffset = 32;

    /// <summary>A number never written before; the guest counts it up with every write.</summary>
    public const int TokenOffset = 40;

    /// <summary>For the implementation's own.</summary>
    public const int SpareOffset = 64;

    public const int ListOffset = 4096;
    public const int TouchesOffset = ListOffset + Capacity * sizeof(ulong);

    /// <summary>Whole pages for one vCPU.</summary>
    public const int Bytes = TouchesOffset + Capacity * 16;

    /// <summary>What a read finds where no memory is: no stamp has this value.</summary>
    public const ulong Hole = ulong.MaxValue;

    public const ulong KindMask = 0xfff;

    private readonly byte* _area;

    /// <param name="area">Zeroed, page-aligned, <see cref="Bytes"/> long, and there as long as this object is used.</param>
    /// <param name="vcpu">Number of the vCPU.</param>
    public GuestBatch(byte* area, int vcpu)
    {
        _area = area;
        this[WriteAtOffset] = (ulong)(SlotMemory.WriteOffset * (1 + vcpu % 63));
        this[TokenOffset] = 1;
    }

    /// <summary>Address of the control block; the list and the answers follow it.</summary>
    public nint Address => (nint)_area;

    /// <summary>What the accesses found, by number.</summary>
    // SAFETY: the area is this long by the constructor's contract.
    public Span<GuestTouch> Touches => new(_area + TouchesOffset, Capacity);

    /// <summary>A word of the control block.</summary>
    // SAFETY: offsets are the constants above, all within the first page.
    public ref ulong this[int offset] => ref *(ulong*)(_area + offset);

    /// <summary>Puts an access on the list.</summary>
    public void Put(int index, Gfn gfn, AccessKind kind)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)Capacity);
        // SAFETY: the index was just checked.
        ((ulong*)(_area + ListOffset))[index] = (gfn.Value << 12) | (ulong)kind;
    }

    /// <summary>The access of that number.</summary>
    public (Gfn Gfn, AccessKind Kind) this[Index index]
    {
        get
        {
            ulong word = ((ulong*)(_area + ListOffset))[index.GetOffset(Capacity)];
            return (new Gfn(word >> 12), (AccessKind)(word & KindMask));
        }
    }
}
