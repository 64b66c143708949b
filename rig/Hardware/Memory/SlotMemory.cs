using Lab.Mmu;

namespace Lab.Hardware;

/// <summary>Memory of one generation of a slot.</summary>
/// <param name="Address">Of its first page in this process: how it is named everywhere.</param>
/// <param name="Bytes">A multiple of 4 KiB.</param>
/// <param name="FileOffset">Where it lies in <see cref="SlotMemory.File"/>.</param>
/// <param name="Range">Guest frames it was allocated for.</param>
internal sealed record SlotBacking(Hva Address, long Bytes, long FileOffset, GfnRange Range)
{
    /// <summary>Flags of the slot. Set under slots_lock, read by faults.</summary>
    public MemslotFlags Flags { get; set; }
}

/// <summary>The memory behind guest slots: each page begins with the stamp of the slot generation that owns it, so that every
/// access proves whose memory it reached. Freed memory is stamped so and waits in line before it serves another slot of its
/// size.</summary>
/// <remarks>Any thread; a lock of its own. Stamping costs a store per page, which is no part of a memslot update:
/// <see cref="Settle"/> does it between updates, for what was freed and ahead for what is likely to be allocated next.</remarks>
internal sealed unsafe class SlotMemory : IDisposable
{
    public const int PageBytes = 4096;

    /// <summary>Offset in each page of two bytes of code, <c>jmp rbx</c>, for accesses that execute.</summary>
    public const int CodeOffset = 8;

    /// <summary>First offset for what guests write: a cache line per vCPU.</summary>
    public const int WriteOffset = 64;

    private const ushort JumpToRbx = 0xe3ff;

    /// <summary>After how much of it who stamps says that it gets on: a gigabyte takes half a minute where the processor is
    /// emulated.</summary>
    internal const long BeatBytes = 4L << 20;

    /// <summary>Freed memory up to so much waits in line, so that who reaches it still finds the stamp of the freed.</summary>
    private const long QuarantineBytes = 64L << 20;

    private readonly Lock _lock = new();
    private readonly BackingKind _kind;
    private readonly Descriptor? _file;
    private readonly Dictionary<Hva, SlotBacking> _used = [];
    private readonly Dictionary<ulong, MappedRange> _mapped = [];
    private readonly Dictionary<long, Queue<SlotBacking>> _freed = [];
    private readonly Queue<(SlotBacking Backing, ulong Stamp)> _unstamped = new();
    private (SlotBacking? Backing, ulong Stamp) _prepared;
    private long _fileBytes;

    /// <exception cref="SystemCallException">No memory file could be made.</exception>
    public SlotMemory(BackingKind kind)
    {
        _kind = kind;
        if (kind == BackingKind.Shared)
        {
            _file = new Descriptor(Libc.Checked(Libc.MemfdCreate("guest memory", Libc.MemfdCloseOnExec), "memfd_create"));
        }
    }

    /// <summary>The file it all lies in; null for anonymous memory.</summary>
    public Descriptor? File => _file;

    /// <exception cref="InsufficientMemoryException">There is none.</exception>
    public SlotBacking Allocate(GfnRange range, FrameStamp stamp)
    {
        long bytes = (long)range.Frames * PageBytes;
        lock (_lock)
        {
            bool isPrepared = _prepared.Backing?.Bytes == bytes;
            SlotBacking backing = (isPrepared ? _prepared.Backing : TakeFreed(bytes) ?? Map(bytes, range))! with
                { Range = range, Flags = MemslotFlags.None };
            if (!isPrepared || _prepared.Stamp != stamp.Word) Stamp(backing, stamp.Word);
            if (isPrepared) _prepared = default;
            _used.Add(backing.Address, backing);
            return backing;
        }
    }

    /// <summary>Takes back what nothing may reach any more; it is stamped so when it is settled.</summary>
    public void Free(Hva address, ulong generation)
    {
        lock (_lock)
        {
            if (!_used.Remove(address, out SlotBacking? backing)) throw new ArgumentException(
                $"There is no slot memory at {address}.", nameof(address));
            _unstamped.Enqueue((backing, FrameStamp.Of(FrameStamp.FreedSlot, generation).Word));
        }
    }

    /// <summary>Stamps as freed what was freed since the last call, and stamps memory of the size freed last with
    /// <paramref name="next"/>, which then is allocated with that stamp at no cost.</summary>
    public void Settle(FrameStamp next)
    {
        lock (_lock)
        {
            long bytes = StampFreed();
            if (bytes == 0 || _prepared.Backing is not null || TakeFreed(bytes) is not { } ahead) return;
            Stamp(ahead, next.Word);
            _prepared = (ahead, next.Word);
        }
    }

    /// <summary>What was allocated at the address and is not freed.</summary>
    /// <exception cref="ArgumentException">Nothing was.</exception>
    public SlotBacking Find(Hva address)
    {
        lock (_lock)
        {
            return _used.TryGetValue(address, out SlotBacking? backing) ? backing
                : throw new ArgumentException($"There is no slot memory at {address}.", nameof(address));
        }
    }

    public void Dispose()
    {
        foreach (MappedRange range in _mapped.Values) range.Dispose();
        _file?.Dispose();
    }

    /// <summary>Memory of that size that has waited in line long enough, or null.</summary>
    private SlotBacking? TakeFreed(long bytes)
    {
        StampFreed();
        return _freed.TryGetValue(bytes, out Queue<SlotBacking>? line) && line.Count > Quarantined(bytes) ? line.Dequeue() : null;
    }

    /// <summary>The size of what was freed last, zero if nothing was.</summary>
    private long StampFreed()
    {
        long bytes = 0;
        while (_unstamped.TryDequeue(out (SlotBacking Backing, ulong Stamp) freed))
        {
            bytes = freed.Backing.Bytes;
            Stamp(freed.Backing, freed.Stamp);
            if (!_freed.TryGetValue(bytes, out Queue<SlotBacking>? line)) _freed.Add(bytes, line = new Queue<SlotBacking>());
            line.Enqueue(freed.Backing);
        }
        return bytes;
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
        if (_kind != BackingKind.Shared)
        {
            _ = Libc.Advise((nint)mapped.Address, (nuint)bytes,
                _kind == BackingKind.HugePages ? Libc.MadviseHugePage : Libc.MadviseNoHugePage);
        }
        _mapped.Add((ulong)mapped.Address, mapped);
        return new SlotBacking(new Hva((ulong)mapped.Address), bytes, offset, range);
    }

    private static void Stamp(SlotBacking backing, ulong word)
    {
        for (long offset = 0; offset < backing.Bytes; offset += PageBytes)
        {
            if ((offset + PageBytes) % BeatBytes == 0) Actor.Current.MoveOn();
            // SAFETY: the backing's range is mapped read and write until this object is disposed of.
            byte* page = (byte*)backing.Address.Value + offset;
            *(ushort*)(page + CodeOffset) = JumpToRbx;
            Volatile.Write(ref *(ulong*)page, word);
        }
    }
}
