namespace Lab.Mmu;

/// <summary>Memory for the blocks of one VM after the other, which get the same addresses each time: an explored execution that
/// is repeated must meet the same words at the same places. Owned by one thread.</summary>
/// <param name="capacity">In bytes.</param>
/// <param name="at">Its address; 0 for one that the system chooses.</param>
internal sealed unsafe class NativeBlockPool(long capacity = NativeBlockPool.OfVms, nint at = 0) : IDisposable
{
    /// <summary>Enough for the VMs under exploration.</summary>
    internal const long OfVms = 64L << 20;

    private const long PageBytes = 4096;

    /// <summary>Of a larger block only so much is zeroed again: what lies behind is written before it is read (guest
    /// frames).</summary>
    private const long ZeroedBytesMax = 64 << 10;

    private readonly NativeBlock _memory = new(capacity, at);
    private long _taken;

    /// <summary>Takes all blocks back. The VM that used them must be gone.</summary>
    internal void Reset() => _taken = 0;

    internal nint Take(long bytes)
    {
        long begin = _taken;
        _taken += (bytes + PageBytes - 1) / PageBytes * PageBytes;
        if (_taken > capacity) throw new InsufficientMemoryException(
            $"A VM under exploration takes more than {capacity >> 20} MiB.");
        // SAFETY: the stretch lies in the pool's memory and belongs to nobody else until Reset.
        new Span<byte>(_memory.Address + begin, (int)Math.Min(bytes, ZeroedBytesMax)).Clear();
        return (nint)(_memory.Address + begin);
    }

    public void Dispose() => _memory.Dispose();
}
