namespace Lab.Hardware;

/// <summary>Which pages of this process have a PTE, by /proc/self/pagemap.</summary>
internal sealed unsafe class PagePresence : IDisposable
{
    private const ulong PresentBit = 1UL << 63;
    private const int EntriesPerRead = 512;

    private readonly Descriptor _pagemap = new(Libc.Open("/proc/self/pagemap", Libc.OpenReadOnly | Libc.OpenCloseOnExec));

    /// <summary>Pages of the range that are present at the moment of looking; null where the kernel does not tell.</summary>
    public long? Count(nint address, long bytes)
    {
        if (_pagemap.IsInvalid) return null;
        ulong* entries = stackalloc ulong[EntriesPerRead];
        long present = 0;
        long first = address / SlotMemory.PageBytes, pages = bytes / SlotMemory.PageBytes;
        for (long done = 0; done < pages;)
        {
            nuint count = (nuint)Math.Min(EntriesPerRead, pages - done);
            // SAFETY: the buffer holds this many entries.
            nint read = Libc.ReadAt(_pagemap.Number, entries, count * sizeof(ulong), (first + done) * sizeof(ulong));
            if (read <= 0) return null;
            long got = read / sizeof(ulong);
            for (long index = 0; index < got; index++) if ((entries[index] & PresentBit) != 0) present++;
            done += got;
        }
        return present;
    }

    public void Dispose() => _pagemap.Dispose();
}
