using Lab.Mmu;

namespace Lab.Hardware;

/// <summary>KVM, the contexts that stand for roots, and the memory behind their guests.</summary>
/// <remarks>Contexts are made ahead, when the first VM is, and recycled from root to root and from VM to VM.</remarks>
internal sealed class KvmHost : IHardwareHost
{
    private readonly Lock _lock = new();
    private readonly HardwareSettings _settings;
    private readonly List<KvmContext> _pool = [];
    private readonly List<KvmContext> _apart = [];
    private readonly Queue<KvmContext> _free = new();
    private readonly Stack<GuestImage> _images = new();
    private readonly Dictionary<string, KernelCounter> _counted = [];
    private int _vcpus;

    /// <exception cref="HardwareUnavailableException">There is no such KVM; the message says what to do.</exception>
    public KvmHost(HardwareSettings settings)
    {
        _settings = settings;
        Kvm = Kvm.Open(settings.KvmDevice);
        try
        {
            if (!settings.SlotZapAll && !CanZapSlotAlone) throw new HardwareUnavailableException("--zap-all off needs a kernel "
                + "that lets KVM_X86_QUIRK_SLOT_ZAP_ALL be switched off (Linux 6.12); use --zap-all on.");
            if (settings.Dirty == DirtyTracking.Ring) KvmDirtyRing.Capability(Kvm);
            Memory = new SlotMemory(settings.Backing);
        }
        catch
        {
            Kvm.Dispose();
            throw;
        }
    }

    private bool CanZapSlotAlone => (Kvm.Extension(KvmAbi.CapDisableQuirks2) & (int)KvmAbi.QuirkSlotZapAll) != 0;

    private IEnumerable<KvmContext> All => _pool.Concat(_apart);

    public string Name => "kvm";

    public IReadOnlyList<string> Notes => [];

    public Kvm Kvm { get; }

    public SlotMemory Memory { get; }

    public HardwareSettings Settings => _settings;

    public IHardwareMmu NewMmu<TMachine>(Vm<TMachine> vm, SlotUpdates updates)
        where TMachine : struct, IMachine
    {
        int most = Kvm.Extension(KvmAbi.CapMaxVcpus);
        if (vm.Settings.Vcpus > most) throw new HardwareUnavailableException(
            $"--vcpus {vm.Settings.Vcpus} is more than the {most} that this KVM allows per VM.");
        if (MissingFor(updates) is { } missing) throw new HardwareUnavailableException($"Such memslot updates need {missing}.");
        if (updates == SlotUpdates.Lab) MakeContexts(vm.Settings.Vcpus);
        return new KvmMmu<TMachine>(this, vm, updates);
    }

    public string? MissingFor(SlotUpdates updates) => updates == SlotUpdates.KernelSlotAlone && !CanZapSlotAlone
        ? "a kernel that lets KVM_X86_QUIRK_SLOT_ZAP_ALL be switched off (Linux 6.12)"
        : null;

    /// <summary>A context of its own, which the caller disposes of through <see cref="Discard"/>.</summary>
    public KvmContext NewContext(int vcpus, bool slotZapAll)
    {
        KvmContext context = new(Kvm, vcpus, _settings with { SlotZapAll = slotZapAll }) { Number = int.MaxValue };
        lock (_lock) _apart.Add(context);
        return context;
    }

    /// <summary>Ends a context that was made apart; what the kernel counted for it is kept.</summary>
    public void Discard(KvmContext context)
    {
        lock (_lock)
        {
            AddCounters(context, _counted);
            // Of what there is, a VM that is gone has nothing.
            foreach (string gauge in _counted.Values.Where(one => one.IsGauge).Select(one => one.Name).ToList())
            {
                _counted.Remove(gauge);
            }
            _apart.Remove(context);
        }
        context.Dispose();
    }

    /// <summary>A context that no root has; null if all are taken. Who comes back last waits longest.</summary>
    public KvmContext? TryTake()
    {
        lock (_lock) return _free.TryDequeue(out KvmContext? context) ? context : null;
    }

    public void Return(KvmContext context)
    {
        lock (_lock) _free.Enqueue(context);
    }

    public KvmContext this[int number] => _pool[number - 1];

    public GuestImage TakeImage(int vcpus, long guestBytes)
    {
        lock (_lock)
        {
            if (_images.TryPeek(out GuestImage? image) && image.Batches.Count == vcpus && image.GuestBytes >= guestBytes)
            {
                return _images.Pop();
            }
        }
        return new GuestImage(vcpus, guestBytes);
    }

    public void GiveBack(GuestImage image)
    {
        lock (_lock) _images.Push(image);
    }

    public IReadOnlyList<KernelCounter> KernelCounters()
    {
        lock (_lock)
        {
            Dictionary<string, KernelCounter> sums = new(_counted);
            foreach (KvmContext context in All) AddCounters(context, sums);
            return [.. sums.Values];
        }
    }

    public void KickAll()
    {
        lock (_lock) foreach (KvmContext context in All) foreach (KvmVcpu vcpu in context.Vcpus) vcpu.Kick();
    }

    public void Dispose()
    {
        foreach (KvmContext context in All) context.Dispose();
        foreach (GuestImage image in _images) image.Dispose();
        Memory.Dispose();
        Kvm.Dispose();
    }

    private void MakeContexts(int vcpus)
    {
        lock (_lock)
        {
            if (_vcpus != 0 && _vcpus != vcpus) throw new InvalidOperationException(
                $"The contexts of this run have {_vcpus} vCPUs, and a VM asks for {vcpus}.");
            _vcpus = vcpus;
            while (_pool.Count < _settings.Contexts)
            {
                KvmContext context = new(Kvm, vcpus, _settings) { Number = _pool.Count + 1 };
                _pool.Add(context);
                _free.Enqueue(context);
            }
        }
    }

    private static void AddCounters(KvmContext context, Dictionary<string, KernelCounter> sums)
    {
        foreach (KernelCounter one in context.Vm.Statistics.Read()
            .Concat(context.Vcpus.SelectMany(vcpu => vcpu.Statistics.Read())))
        {
            string name = $"kvm.{one.Name}";
            long before = sums.TryGetValue(name, out KernelCounter sum) ? sum.Value : 0;
            sums[name] = one with { Name = name, Value = before + one.Value };
        }
    }
}
