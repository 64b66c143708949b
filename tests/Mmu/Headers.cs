using Lab.Mmu;

namespace Lab.Tests.Mmu;

/// <summary>Root headers in native memory with nothing behind them, for tests of what only links or queues them.</summary>
internal sealed unsafe class Headers(int count) : IDisposable
{
    private readonly NativeBlock _block = new(count * RootHeader.Stride);

    public TdpRoot this[int index]
    {
        get
        {
            RootHeader* header = (RootHeader*)(_block.Address + index * RootHeader.Stride);
            header->Id = (ulong)index;
            return new TdpRoot(header);
        }
    }

    public void Dispose() => _block.Dispose();
}
