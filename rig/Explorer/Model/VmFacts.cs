using Lab.Explorer.Agents;
using Lab.Explorer.Seam;
using Lab.Mmu;

namespace Lab.Explorer.Model;

/// <summary>What the watch looks at that is no word: the roots and translations that vCPUs have, what the present fast zap is
/// for, and the slots. As they are in a VM, or as agents' effects have made them.</summary>
/// <param name="vcpus">How many there are.</param>
/// <param name="frames">That a vCPU can have translations of.</param>
/// <param name="versions">Contents of the slots, each once; shared by all who talk of them.</param>
internal sealed class VmFacts(int vcpus, int frames, List<Memslot[]> versions)
{
    private const int Doomed = 0;
    private const int Log = 1;
    private const int Fixing = 2;
    private const int Slots = 3;
    private const int FirstVcpu = 16;
    private const int RootOf = 0;
    private const int EpochOf = 1;
    private const int CachedBy = 2;
    private readonly int _perVcpu = CachedBy + frames;
    private readonly ulong[] _ofVcpus = new ulong[vcpus * (CachedBy + frames)];
    private readonly List<VmFacts> _kept = [];
    private int _top = -1;
    private bool _hasChanged = true;
    private int _slots;
    private int _fixing;
    private bool _isLogOpen;
    private Vm<Explored>? _vm;

    public GfnRange DoomedRange { get; private set; }

    /// <summary>Somebody is write-protecting, or an entry is writable whose frame is still to be marked.</summary>
    public bool IsLogOpen => _isLogOpen || _fixing != 0;

    public ReadOnlySpan<Memslot> ActiveSlots => versions[_slots];

    public TdpRoot Root(int vcpu) => TdpRoot.FromWord(_ofVcpus[vcpu * _perVcpu + RootOf]);

    public ulong TlbEpoch(int vcpu) => _ofVcpus[vcpu * _perVcpu + EpochOf];

    public ulong Cached(int vcpu, Gfn gfn) => _ofVcpus[vcpu * _perVcpu + CachedBy + (int)gfn.Value];

    /// <summary>From here on they are compared with those of this VM.</summary>
    public void Follow(Vm<Explored> vm) => _vm = vm;

    /// <summary>All as in the VM.</summary>
    public void Take()
    {
        Vm<Explored> vm = _vm!;
        DoomedRange = vm.DoomedRange;
        _isLogOpen = (vm.DirtyLog.Sequence & 1) != 0;
        _fixing = vm.Lockless.Fixing;
        _slots = VersionOf(vm.Slots.Active.Slots);
        for (int place = 0; place < _ofVcpus.Length; place++) _ofVcpus[place] = Read(vm, place / _perVcpu, place % _perVcpu);
    }

    /// <summary>Adds what differs in the VM, and takes it over.</summary>
    public void Compare(List<LocalEffect> effects)
    {
        Vm<Explored> vm = _vm!;
        if (vm.DoomedRange != DoomedRange)
        {
            DoomedRange = vm.DoomedRange;
            effects.Add(new LocalEffect(LocalEffectKind.Fact, Doomed, DoomedRange.Start.Value, DoomedRange.End.Value));
        }
        if ((vm.DirtyLog.Sequence & 1) != 0 != _isLogOpen)
        {
            _isLogOpen = !_isLogOpen;
            effects.Add(new LocalEffect(LocalEffectKind.Fact, Log, _isLogOpen ? 1u : 0u));
        }
        if (vm.Lockless.Fixing != _fixing)
        {
            effects.Add(new LocalEffect(LocalEffectKind.Fact, Fixing, (ulong)(vm.Lockless.Fixing - _fixing)));
            _fixing = vm.Lockless.Fixing;
        }
        if (!vm.Slots.Active.Slots.SequenceEqual(versions[_slots]))
        {
            _slots = VersionOf(vm.Slots.Active.Slots);
            effects.Add(new LocalEffect(LocalEffectKind.Fact, Slots, (ulong)_slots));
        }
        for (int vcpu = 0; vcpu < vcpus; vcpu++)
        {
            for (int at = 0; at < _perVcpu; at++)
            {
                ulong value = Read(vm, vcpu, at);
                ulong known = _ofVcpus[vcpu * _perVcpu + at];
                if (value == known) continue;
                _ofVcpus[vcpu * _perVcpu + at] = value;
                // How many flushes there were before it does not matter to who flushes.
                effects.Add(new LocalEffect(LocalEffectKind.Fact, FirstVcpu + vcpu * _perVcpu + at,
                    at == EpochOf ? value - known : value));
            }
        }
    }

    public void Apply(in LocalEffect effect)
    {
        _hasChanged = true;
        switch ((int)effect.Place)
        {
            case Doomed:
                DoomedRange = new GfnRange(new Gfn(effect.A), new Gfn(effect.B));
                break;
            case Log:
                _isLogOpen = effect.A != 0;
                break;
            case Fixing:
                _fixing += (int)effect.A;
                break;
            case Slots:
                _slots = (int)effect.A;
                break;
            default:
                int place = (int)effect.Place - FirstVcpu;
                _ofVcpus[place] = effect.A + (place % _perVcpu == EpochOf ? _ofVcpus[place] : 0);
                break;
        }
    }

    /// <summary>Nothing is kept any more.</summary>
    public void ForgetKept() => (_top, _hasChanged) = (-1, true);

    /// <summary>Keeps all of them; the number to put them back by, which voids those above it.</summary>
    public int Keep()
    {
        if (!_hasChanged) return _top;
        _hasChanged = false;
        if (++_top == _kept.Count) _kept.Add(new VmFacts(vcpus, frames, versions));
        CopyTo(_kept[_top]);
        return _top;
    }

    public void PutBack(int number)
    {
        if (number == _top && !_hasChanged) return;
        (_top, _hasChanged) = (number, false);
        _kept[number].CopyTo(this);
    }

    public void CopyTo(VmFacts other)
    {
        other.DoomedRange = DoomedRange;
        (other._isLogOpen, other._fixing, other._slots) = (_isLogOpen, _fixing, _slots);
        _ofVcpus.AsSpan().CopyTo(other._ofVcpus);
    }

    private static ulong Read(Vm<Explored> vm, int vcpu, int at) => at switch
    {
        RootOf => vm.Vcpus[vcpu].Root.AsWord,
        EpochOf => vm.Vcpus[vcpu].TlbEpoch,
        _ => vm.Vcpus[vcpu].Cached(new Gfn((ulong)(at - CachedBy))),
    };

    private int VersionOf(ReadOnlySpan<Memslot> slots)
    {
        for (int version = 0; version < versions.Count; version++) if (slots.SequenceEqual(versions[version])) return version;
        versions.Add(slots.ToArray());
        return versions.Count - 1;
    }
}
