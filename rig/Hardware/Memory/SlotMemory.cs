using Lab.Mmu;

namespace Lab.Hardware;

/// <summary>Memory of one generation of a slot.</summary>
/// <param name="Address">Of its first page in this process: how it is named everywhere.</param>
/// <param name="Bytes">A multiple of 4 KiB.</param>
/// <param name="FileOffset">Where it lies in <see cref="SlotMemory.File"/>.</param>
/// <param name="Range">Guest frames it was allocated for.</param>
internal sealed record SlotBacking(ulong Address, long Bytes, long FileOffset, GfnRange Range);

/// <summary>
/// The memory behind guest slots: each page begins with the stamp of the slot generation that owns it, so that every access proves
/// whose memory it reached. Freed memory is stamped so and waits in line before it serves another slot of its size.
/// </summary>
/// <remarks>Any thread; a lock of its own. Costs of stamping: one store per page, at allocation and at freeing.</remarks>
internal sealed unsafe class SlotMemory : IDisposable
{
    public const int PageBytes = 4096;

    /// <summary>Offset in each page of two bytes of code, <c>jmp rbx</c>, for accesses that execute.</summary>
    public const int CodeOffset = 8;

    /// <summary>First offset for what guests write: a cache line per vCPU.</summary>
    public const int WriteOffset = 64;

    private const ushort JumpToRbx = 0xe3ff;

    /// <summary>Freed memory up to so much waits in line, so that who reaches it still finds the stamp of the freed.</summary>
    private const long QuarantineBytes = 64L << 20;

    private readonly Lock _lock = new();
    private readonly BackingKind _kind;
    private readonly Descriptor? _file;
    private readonly Dictionary<ulong, SlotBacking> _used = [];
    private readonly Dictionary<ulong, MappedRange> _mapped = [];
    private readonly Dictionary<long, Queue<SlotBacking>> _freed = [];
    private long _fileBytes;

    /// <exception cref="SystemCallException">No memory file could be made.</exception>
    public SlotMemory(BackingKind kind)
    {
        _kind = kind;
        if (kind == BackingKind.Shared)
            _file = new Descriptor(Libc.Checked(Libc.MemfdCreate("guest memory", Libc.MemfdCloseOnExec), "memfd_create"));
    }

    /// <summary>The file it all lies in; null for anonymous memory.</summary>
    public Descriptor? File => _file;

    /// <exception cref="InsufficientMemoryException">There is none.</exception>
    public SlotBacking Allocate(GfnRange range, FrameStamp stamp)
    {
        long bytes = (long)range.Frames * PageBytes;
        SlotBacking? backing = null;
        lock (_lock)
        {
            if (_freed.TryGetValue(bytes, out Queue<SlotBacking>? line) && line.Count > Quarantined(bytes)) backing = line.Dequeue() with { Range = range };
            backing ??= Map(bytes, range);
            _used.Add(backing.Address, backing);
        }
        Stamp(backing, stamp.Word);
        return backing;
    }

    /// <summary>Stamps and takes back what nothing may reach any more.</summary>
    public void Free(ulong address, ulong generation)
    {
        SlotBacking backing = Find(address);
        Stamp(backing, FrameStamp.Of(FrameStamp.FreedSlot, generation).Word);
        lock (_lock)
        {
            _used.Remove(address);
            if (!_freed.TryGetValue(backing.Bytes, out Queue<SlotBacking>? line)) _freed.Add(backing.Bytes, line = new Queue<SlotBacking>());
            line.Enqueue(backing);
        }
    }

    /// <summary>What was allocated at the address and is not freed.</summary>
    /// <exception cref="ArgumentException">Nothing was.</exception>
    public SlotBacking Find(ulong address)
    {
        lock (_lock)
            return _used.TryGetValue(address, out SlotBacking? backing) ? backing : throw new ArgumentException($"There is no slot memory at 0x{address:x}.", nameof(address));
    }

    public void Dispose()
    {
        foreach (MappedRange range in _mapped.Values) range.Dispose();
        _file?.Dispose();
    }

    private static int Quarantined(long bytes) => (int)Math.Min(16, QuarantineBytes / bytes);

    private SlotBacking Map(long bytes, GfnRange range)
    {
        MappedRange mapped;
        long offset = _fileBytes;
        if (_file is null)
        {
            mapped = MappedRange.Anonymous(bytes);
        }
        else
        {
            _fileBytes += (bytes + (2 << 20) - 1) & ~((2L << 20) - 1);
            Libc.Checked(Libc.Truncate(_file.Number, _fileBytes), $"ftruncate(guest memory, {_fileBytes} bytes)");
            mapped = MappedRange.Shared(_file, offset, bytes);
        }
        // Refused where the kernel has no huge pages; then there is nothing to switch.
        if (_kind != BackingKind.Shared) _ = Libc.Advise((nint)mapped.Address, (nuint)bytes, _kind == BackingKind.HugePages ? Libc.MadviseHugePage : Libc.MadviseNoHugePage);
        _mapped.Add((ulong)mapped.Address, mapped);
        return new SlotBacking((ulong)mapped.Address, bytes, offset, range);
    }

    private static void Stamp(SlotBacking backing, ulong word)
    {
        for (long offset = 0; offset < backing.Bytes; offset += PageBytes)
        {
            // SAFETY: the backing's range is mapped read and write until this object is disposed of.
            byte* page = (byte*)backing.Address + offset;
            *(ushort*)(page + CodeOffset) = JumpToRbx;
            Volatile.Write(ref *(ulong*)page, word);
        }
    }
}
