using Lab.Mmu;

namespace Lab.Hardware;

/// <summary>
/// Windows of this process's address space, and the memory file behind them: each root has a window, the processor walks the
/// process's own page tables, and page faults, zaps and shoot-downs are those of the kernel's mm.
/// <code>
///   vCPU: load or store at window + gpa ─ hole ─► SIGSEGV ─► the lab maps a piece ──► again ─ no PTE ─► page fault, the kernel's
///   zap:  madvise(MADV_DONTNEED), mmap(PROT_NONE), piece after piece                              (or userfaultfd's, the rig's)
/// </code>
/// </summary>
/// <remarks>Windows and memory serve one VM after the other, in line: who comes back last waits longest, so that a use after free
/// finds a hole.</remarks>
internal sealed class WindowHost : IHardwareHost
{
    private const long WindowBytesMin = 5L << 30;

    /// <summary>Above a guest's memory: the churned slot at the next whole GiB, and where it moves to.</summary>
    private const long AboveMemory = 3L << 30;

    /// <summary>Behind the last frame of a window: never mapped, where accesses go that the window does not reach.</summary>
    private const long GuardBytes = 2 << 20;

    private readonly Lock _lock = new();
    private readonly HardwareSettings _settings;
    private readonly Userfault? _userfault;
    private readonly Window?[] _windows;
    private readonly Queue<int> _free = new();
    private readonly HashSet<IVcpuCore> _cores = [];
    private readonly List<string> _notes = [];
    private long _fileBytes;
    private int _vms;
    private volatile bool _memoryLost;

    /// <exception cref="HardwareUnavailableException">Not on this machine.</exception>
    public WindowHost(HardwareSettings settings)
    {
        AccessCode.Install();
        _settings = settings;
        _windows = new Window?[settings.Contexts];
        _userfault = settings.Userfault ? new Userfault() : null;
        try
        {
            Memory = new SlotMemory(BackingKind.Shared);
        }
        catch (SystemCallException refused)
        {
            _userfault?.Dispose();
            throw new HardwareUnavailableException($"--mmu host keeps guest memory in a memory file: {refused.Message}", refused);
        }
        for (int index = 0; index < _windows.Length; index++) _free.Enqueue(index);
        if (settings.Backing != BackingKind.Shared)
        {
            _notes.Add("--backing is for kvm: guest memory of --mmu host is a memory file in 4 KiB pages.");
        }
    }

    public string Name => "host";

    public IReadOnlyList<string> Notes => _notes;

    /// <summary>Memory of all VMs there are. Damaged, it is replaced when the last of them has gone.</summary>
    public SlotMemory Memory { get; private set; }

    public PagePresence Presence { get; } = new();

    /// <summary>Faults that the rig resolved; null where the kernel resolves them.</summary>
    public (long Count, long Nanoseconds, long NanosecondsMax)? Userfaults => _userfault?.Resolved;

    /// <summary>Whether the memory file is still what it was; once false, the memory is not touched any more outside the access
    /// routine.</summary>
    public bool IsMemoryWhole => !_memoryLost;

    public IHardwareMmu NewMmu<TMachine>(Vm<TMachine> vm, SlotUpdates updates)
        where TMachine : struct, IMachine
    {
        if (updates != SlotUpdates.Lab) throw new HardwareUnavailableException(
            "A strategy that leaves memslots to the kernel needs --mmu kvm: a process's address space has none.");
        const long unit = 1L << 30;
        long bytes = Math.Max(WindowBytesMin, (vm.Settings.MemoryBytes + AboveMemory + unit - 1) / unit * unit);
        Reserve(bytes + GuardBytes);
        BeginVm();
        return new WindowMmu<TMachine>(this, vm, (ulong)bytes / SlotMemory.PageBytes);
    }

    /// <summary>A VM has given back what it had of the host.</summary>
    public void EndVm()
    {
        lock (_lock) _vms--;
    }

    /// <inheritdoc/>
    /// <remarks>Faults are those of the whole process: the kernel counts no finer.</remarks>
    public IReadOnlyList<KernelCounter> KernelCounters()
    {
        (long minor, long major) = HostCalls.PageFaults();
        List<KernelCounter> counters = [new("host.minor_faults", "count", minor), new("host.major_faults", "count", major)];
        if (_userfault?.Resolved is { } resolved)
        {
            counters.Add(new("userfault.resolved", "count", resolved.Count));
            counters.Add(new("userfault.resolve_total", "ns", resolved.Nanoseconds));
            counters.Add(new("userfault.resolve_max", "ns", resolved.NanosecondsMax, IsGauge: true));
        }
        return counters;
    }

    public void KickAll()
    {
        lock (_lock) foreach (IVcpuCore core in _cores) core.Kick();
    }

    public void Dispose()
    {
        // The mappings first: what the resolver sees of them afterwards is nothing.
        foreach (Window? window in _windows) window?.Dispose();
        _userfault?.Dispose();
        Presence.Dispose();
        Memory.Dispose();
    }

    /// <summary>A window that reaches this many frames and is one hole; null if all are in use.</summary>
    public Window? TryTake(ulong frames)
    {
        lock (_lock)
        {
            return _free.TryDequeue(out int index) ? Grown(index, (long)frames * SlotMemory.PageBytes + GuardBytes) : null;
        }
    }

    /// <summary>Takes back a window that was reset.</summary>
    public void Return(Window window)
    {
        lock (_lock) _free.Enqueue(window.Index);
    }

    public Window? WindowAt(int index) => Volatile.Read(ref _windows[index]);

    public void Add(IVcpuCore core)
    {
        lock (_lock) _cores.Add(core);
    }

    public void Remove(IVcpuCore core)
    {
        lock (_lock) _cores.Remove(core);
    }

    /// <summary>The memory file is at least as long as this from now on.</summary>
    public void Expect(SlotBacking backing)
    {
        lock (_lock) _fileBytes = Math.Max(_fileBytes, backing.FileOffset + backing.Bytes);
    }

    /// <summary>Looks whether the memory file was cut short: the lab's own stores to it, unlike a guest's, are made by managed
    /// code, and a SIGBUS there ends the process. A cut between this look and the store still does; that a file keeps its length
    /// is the rule.</summary>
    public bool IsMemoryWholeNow()
    {
        lock (_lock) if (HostCalls.Seek(Memory.File!.Number, 0, HostCalls.SeekEnd) < _fileBytes) _memoryLost = true;
        return IsMemoryWhole;
    }

    public void ReportMemoryLost() => _memoryLost = true;

    /// <summary>The next measurement is not to blame for memory that was damaged in the one before.</summary>
    private void BeginVm()
    {
        lock (_lock)
        {
            if (_memoryLost && _vms == 0)
            {
                Memory.Dispose();
                Memory = new SlotMemory(BackingKind.Shared);
                _fileBytes = 0;
                _memoryLost = false;
            }
            _vms++;
        }
    }

    /// <summary>Reserves all free windows ahead, so that a limit on address space shows in one sentence and before anything is
    /// measured.</summary>
    private void Reserve(long bytes)
    {
        lock (_lock)
        {
            try
            {
                foreach (int index in _free) Grown(index, bytes);
            }
            catch (InsufficientMemoryException refused)
            {
                throw new InsufficientMemoryException(
                    $"--mmu host reserves {_settings.Contexts} windows of {bytes >> 30} GiB of address space: raise the limit "
                        + "(ulimit -v) or ask for fewer with --contexts.", refused);
            }
        }
    }

    /// <summary>The free window of that number, replaced if it is too short. Hold the lock.</summary>
    private Window Grown(int index, long bytes)
    {
        if (_windows[index] is { } there && there.Bytes >= bytes) return there;
        _windows[index]?.Dispose();
        _windows[index] = null;
        Window made = new(index, bytes, _settings.ChunkBytes, this, _userfault);
        Volatile.Write(ref _windows[index], made);
        return made;
    }
}
