namespace Lab.Explorer.Orders;

/// <summary>What an access orders: as the kernel and the machine have it (the first four are those of
/// <see cref="Lab.Mmu.AccessOrder"/>), or C11's, which has two more.</summary>
internal enum EventOrder : byte
{
    Relaxed,

    Acquire,

    Release,

    /// <summary>The kernel's modification without a suffix: as if a full fence stood on either side.</summary>
    Full,

    /// <summary>A modification of C11 whose load is an acquire and whose store is a release; no fence.</summary>
    AcquireRelease,

    /// <summary>Sequentially consistent as C11 has it: acquire, release, and in one order with all the others like it; no
    /// fence.</summary>
    Sequential,
}
