using Lab.Mmu;

namespace Lab.Hardware;

/// <summary>Roots as KVM VMs: the processor walks under virtualization, a fault on a hole makes a memslot, a zap deletes
/// memslots, and faults on pages inside are KVM's. With kernel slots there is one VM whose memslots are the lab's own.</summary>
internal sealed class KvmMmu<TMachine> : PieceMmu<TMachine>
    where TMachine : struct, IMachine
{
    /// <summary>Guest addresses that are mapped at least: recorded VMMs use all of the first 4 GiB.</summary>
    private const long GuestBytesMin = 5L << 30;

    /// <summary>Room above the guest's memory for the slots that workloads churn.</summary>
    private const long GuestBytesAbove = 2L << 30;

    private readonly KvmHost _host;
    private readonly GuestImage _image;
    private readonly nint _requests;
    private readonly long _requestBytes;
    private readonly KvmSlots? _slots;
    private bool _ownTaken;

    public KvmMmu(KvmHost host, Vm<TMachine> vm, SlotUpdates updates) : base(vm)
    {
        _host = host;
        _requests = vm.Requests.Address;
        _requestBytes = (vm.Requests.Bytes + SlotMemory.PageBytes - 1) / SlotMemory.PageBytes * SlotMemory.PageBytes;
        _image = host.TakeImage(vm.Settings.Vcpus, Math.Max(GuestBytesMin, vm.Settings.MemoryBytes + GuestBytesAbove));
        if (updates == SlotUpdates.Lab) return;
        KvmContext context =
            host.NewContext(vm.Settings.Vcpus, host.Settings.SlotZapAll && updates != SlotUpdates.KernelSlotAlone);
        context.Attach(_image, _requests, _requestBytes);
        _slots = new KvmSlots(context, host.Memory, host.Settings);
    }

    public override string Name => "kvm";

    protected override SlotMemory Memory => _host.Memory;

    public override ISlotKernel? SlotKernel => _slots;

    public override IVcpuCore NewCore(int vcpu, nint requestWord) => new KvmCore(
        _image, vcpu, _image.RequestsBase + (ulong)(requestWord - _requests), requestWord, root => (KvmContext?)SpaceOf(root));

    public override void Dispose()
    {
        _slots?.Dispose();
        if (_slots is not null && !_ownTaken) _host.Discard(_slots.Context);
        base.Dispose();
        _host.GiveBack(_image);
    }

    protected override IRootSpace? TakeSpace()
    {
        if (_slots is not null)
        {
            _ownTaken = true;
            return _slots.Context;
        }
        KvmContext? context = _host.TryTake();
        context?.Attach(_image, _requests, _requestBytes);
        return context;
    }

    /// <summary>A context of the pool goes back; the one whose slots were the kernel's ends here, as its VM does.</summary>
    protected override void GiveBack(IRootSpace space)
    {
        if (_slots is null) _host.Return((KvmContext)space);
        else _host.Discard(_slots.Context);
    }

    protected override IRootSpace Space(int number) => _slots is null ? _host[number] : _slots.Context;

    /// <summary>KVM itself sees to it that writes to a piece that logs are noticed.</summary>
    protected override Piece Allow(in Piece piece, in Mapping mapping, MemslotFlags slotFlags) => piece with
    {
        MayWrite = (slotFlags & MemslotFlags.ReadOnly) == 0,
        LogsDirty = (slotFlags & MemslotFlags.LogDirtyPages) != 0,
    };
}
