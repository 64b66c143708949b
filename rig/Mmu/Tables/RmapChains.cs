using System.Collections.Concurrent;

namespace Lab.Mmu;

/// <summary>Which SPTEs map a guest frame, frame by frame (kernel: rmaps, pte_list_desc). A frame's head is one word: zero if
/// nothing maps it, the address of its only SPTE, or that of a chain of descriptors with <see cref="Many"/>. A lock may have the
/// bit <see cref="Locked"/> of it.</summary>
/// <remarks>Which locks are held while a head and its chain are read or written is the user's to say: what is edited here is the
/// value of a head, and the caller publishes it. Only the first descriptor of a chain may have room left. Words are read and
/// written through the machine, so that the explorer orders them, too.
/// <para>Source: pte_list_add, pte_list_remove and rmap_get_next of arch/x86/kvm/mmu/mmu.c, Linux 6.16.</para></remarks>
public sealed unsafe class RmapChains<TMachine> : IDisposable
    where TMachine : struct, IMachine
{
    // SAFETY: heads and descriptors lie in the two blocks, which are mapped as long as this object lives; freed descriptors are
    // poisoned and wait in line. An SPTE is a word of a table page of the arena, which stays mapped as well.
    /// <summary>Of a head: it leads to a descriptor.</summary>
    public const ulong Many = 1;

    /// <summary>Of a head: somebody has the frame's lock.</summary>
    public const ulong Locked = 2;

    /// <summary>SPTEs in one descriptor: it fills two cache lines.</summary>
    public const int SptesMax = 14;

    private const int HeadsPerBlock = 512;
    private const int HeadBlockBytes = HeadsPerBlock * sizeof(ulong);
    private const int DescriptorBytes = 128;
    private const int MoreWord = 0, CountsWord = 1, FirstSpteWord = 2;

    /// <summary>Both counts of a descriptor that was freed.</summary>
    private const ulong Poison = 0xdead_de5c_dead_de5c;

    private readonly TMachine _machine;
    private readonly Oracle _oracle;
    private readonly NativeBlock _heads;
    private readonly NativeBlock _descriptors;
    private readonly NativeBlock _pool = new(4096);
    private readonly TicketLock _poolLock = new("rmap_descriptors") { GuardsOnlyWords = true };
    private readonly ConcurrentDictionary<ulong, nint> _headBlocks = new();
    private readonly long _headBlockCount;
    private readonly ulong _descriptorCount;

    /// <summary>Never used so far begin here; then first and last of those that were freed, and how many are in use.</summary>
    private readonly ulong* _fresh;
    private readonly ulong* _firstFree;
    private readonly ulong* _lastFree;
    private readonly ulong* _inUse;

    public RmapChains(Vm<TMachine> vm)
    {
        _machine = vm.Machine;
        _oracle = vm.Oracle;
        ulong frames = (ulong)vm.Settings.MemoryBytes >> 12;
        _headBlockCount = 1024 + (long)(4 * frames / HeadsPerBlock);
        _descriptorCount = 4096 + 2 * frames;
        _heads = new NativeBlock(_headBlockCount * HeadBlockBytes);
        _descriptors = new NativeBlock((long)_descriptorCount * DescriptorBytes);
        _fresh = (ulong*)_pool.Address;
        _firstFree = _fresh + 1;
        _lastFree = _fresh + 2;
        _inUse = _fresh + 3;
        _headBlocks[0] = (nint)_heads.Address;
    }

    /// <summary>Descriptors of chains.</summary>
    public long DescriptorsInUse => (long)_machine.LoadRelaxed(ref *_inUse);

    /// <summary>False if there may be no descriptor left for one more SPTE. Who adds keeps others from adding.</summary>
    public bool HasRoom => _machine.LoadRelaxed(ref *_inUse) < _descriptorCount && _headBlocks.Count < _headBlockCount;

    /// <summary>The head of a frame, made if there is none. Only one thread adds at a time.</summary>
    public ref ulong HeadOf(Gfn gfn)
    {
        if (!_headBlocks.TryGetValue(gfn.Value / HeadsPerBlock, out nint block))
        {
            // The memory is new, and so zero: whoever finds the block finds empty heads.
            block = (nint)(_heads.Address + (long)_headBlocks.Count * HeadBlockBytes);
            _headBlocks[gfn.Value / HeadsPerBlock] = block;
        }
        return ref ((ulong*)block)[gfn.Value % HeadsPerBlock];
    }

    /// <summary>The heads of the frames from the block that holds one; false if none of these was ever mapped. Any
    /// thread.</summary>
    /// <param name="gfn">The frame.</param>
    /// <param name="first">First frame of the block: the head of frame g is at g - first.</param>
    /// <param name="heads">The heads.</param>
    public bool TryHeads(Gfn gfn, out Gfn first, out Span<ulong> heads)
    {
        first = new Gfn(gfn.Value / HeadsPerBlock * HeadsPerBlock);
        bool found = _headBlocks.TryGetValue(gfn.Value / HeadsPerBlock, out nint block);
        heads = found ? new Span<ulong>((void*)block, HeadsPerBlock) : default;
        return found;
    }

    /// <summary>Frames that share a block of heads.</summary>
    public static ulong FramesPerBlock => HeadsPerBlock;

    /// <summary>The value of a head without its lock bit, with one SPTE more.</summary>
    public ulong Add(ulong head, ref ulong sptep)
    {
        ulong address = AddressOf(ref sptep);
        if (head == 0) return address;
        if ((head & Many) == 0)
        {
            ulong* pair = Allocate();
            _machine.StoreRelaxed(ref pair[MoreWord], 0);
            _machine.StoreRelaxed(ref pair[FirstSpteWord], head);
            _machine.StoreRelaxed(ref pair[FirstSpteWord + 1], address);
            _machine.StoreRelaxed(ref pair[CountsWord], Counts(own: 2, tail: 0));
            return (ulong)pair | Many;
        }
        ulong* first = DescriptorOf(head);
        ulong counts = _machine.LoadRelaxed(ref first[CountsWord]);
        if (Own(counts) == SptesMax)
        {
            ulong* before = Allocate();
            _machine.StoreRelaxed(ref before[MoreWord], (ulong)first);
            first = before;
            counts = Counts(own: 0, tail: SptesMax + Tail(counts));
            head = (ulong)first | Many;
        }
        _machine.StoreRelaxed(ref first[FirstSpteWord + Own(counts)], address);
        _machine.StoreRelaxed(ref first[CountsWord], Counts(Own(counts) + 1, Tail(counts)));
        return head;
    }

    /// <summary>Takes one SPTE from the value of a head without its lock bit; false, after reporting it, if it is not there
    /// (I29).</summary>
    public bool TryRemove(ref ulong head, ref ulong sptep, Gfn gfn)
    {
        ulong address = AddressOf(ref sptep);
        if (head == address)
        {
            head = 0;
            return true;
        }
        for (ulong* at = DescriptorOf(head); at != null; at = (ulong*)_machine.LoadRelaxed(ref at[MoreWord]))
        {
            int own = Own(CountsOf(at));
            for (int index = 0; index < own; index++)
            {
                if (_machine.LoadRelaxed(ref at[FirstSpteWord + index]) != address) continue;
                FillFromFirst(ref head, at, index);
                return true;
            }
        }
        _oracle.Report(Invariants.I29, $"an SPTE that mapped gfn {gfn} is not on the chain of its frame", 0);
        return false;
    }

    /// <summary>The SPTEs behind the value of a head.</summary>
    public Walk In(ulong head) => new(this, head);

    /// <summary>What the word is called in a schedule, or null if it is none of these.</summary>
    internal string? NameOf(nint word)
    {
        if (DescriptorAt(word) is var number and >= 0)
        {
            int part = (int)((word - (nint)_descriptors.Address) % DescriptorBytes / sizeof(ulong));
            return part switch
            {
                MoreWord => $"desc{number}.more",
                CountsWord => $"desc{number}.counts",
                _ => $"desc{number}[{part - FirstSpteWord}]",
            };
        }
        if (IsHead(word))
        {
            nint block = (nint)_heads.Address + (word - (nint)_heads.Address) / HeadBlockBytes * HeadBlockBytes;
            ulong first = _headBlocks.First(pair => pair.Value == block).Key * HeadsPerBlock;
            return $"rmap[{first + (ulong)(word - block) / sizeof(ulong)}]";
        }
        return word - (nint)_fresh is >= 0 and < 4 * sizeof(ulong) ? "rmap_descriptors" : null;
    }

    internal bool IsHead(nint word) =>
        word >= (nint)_heads.Address && word < (nint)_heads.Address + (nint)_headBlockCount * HeadBlockBytes;

    /// <summary>The number of the descriptor that the word is in, or -1.</summary>
    internal long DescriptorAt(nint word)
    {
        long offset = word - (nint)_descriptors.Address;
        return offset < 0 || offset >= _descriptors.Bytes ? -1 : offset / DescriptorBytes;
    }

    public void Dispose()
    {
        _heads.Dispose();
        _descriptors.Dispose();
        _pool.Dispose();
        _poolLock.Dispose();
    }

    /// <summary>pte_list_desc_remove_entry: the hole is filled with the last of the first descriptor, which goes when it is
    /// empty.</summary>
    private void FillFromFirst(ref ulong head, ulong* hole, int index)
    {
        ulong* first = DescriptorOf(head);
        ulong counts = _machine.LoadRelaxed(ref first[CountsWord]);
        int last = Own(counts) - 1;
        _machine.StoreRelaxed(
            ref hole[FirstSpteWord + index], _machine.LoadRelaxed(ref first[FirstSpteWord + last]));
        _machine.StoreRelaxed(ref first[FirstSpteWord + last], 0);
        _machine.StoreRelaxed(ref first[CountsWord], Counts(last, Tail(counts)));
        if (last > 0) return;
        ulong more = _machine.LoadRelaxed(ref first[MoreWord]);
        head = more == 0 ? 0 : more | Many;
        Free(first);
    }

    private ulong* Allocate()
    {
        _machine.Enter(_poolLock);
        ulong* taken;
        ulong fresh = _machine.LoadRelaxed(ref *_fresh);
        if (fresh < _descriptorCount)
        {
            _machine.StoreRelaxed(ref *_fresh, fresh + 1);
            taken = (ulong*)(_descriptors.Address + (long)fresh * DescriptorBytes);
        }
        else
        {
            taken = (ulong*)_machine.LoadRelaxed(ref *_firstFree);
            ulong next = _machine.LoadRelaxed(ref taken[MoreWord]);
            _machine.StoreRelaxed(ref *_firstFree, next);
            if (next == 0) _machine.StoreRelaxed(ref *_lastFree, 0);
        }
        _machine.StoreRelaxed(ref *_inUse, _machine.LoadRelaxed(ref *_inUse) + 1);
        _machine.Exit(_poolLock);
        return taken;
    }

    /// <summary>At the end of the line, so that it keeps its poison for long.</summary>
    private void Free(ulong* descriptor)
    {
        _machine.StoreRelaxed(ref descriptor[CountsWord], Poison);
        _machine.StoreRelaxed(ref descriptor[MoreWord], 0);
        _machine.Enter(_poolLock);
        ulong last = _machine.LoadRelaxed(ref *_lastFree);
        if (last == 0) _machine.StoreRelaxed(ref *_firstFree, (ulong)descriptor);
        else _machine.StoreRelaxed(ref ((ulong*)last)[MoreWord], (ulong)descriptor);
        _machine.StoreRelaxed(ref *_lastFree, (ulong)descriptor);
        _machine.StoreRelaxed(ref *_inUse, _machine.LoadRelaxed(ref *_inUse) - 1);
        _machine.Exit(_poolLock);
    }

    /// <summary>Both counts of a descriptor; none, after reporting it, if it was freed (I30).</summary>
    private ulong CountsOf(ulong* descriptor)
    {
        ulong counts = _machine.LoadRelaxed(ref descriptor[CountsWord]);
        if (counts != Poison) return counts;
        _oracle.Report(Invariants.I30, "a walk of a chain read a descriptor that was freed", 0);
        return 0;
    }

    private static ulong* DescriptorOf(ulong head) => (head & Many) == 0 ? null : (ulong*)(head & ~(Many | Locked));

    private static ulong Counts(int own, int tail) => (ulong)(uint)own | (ulong)(uint)tail << 32;

    private static int Own(ulong counts) => (int)(uint)counts;

    private static int Tail(ulong counts) => (int)(counts >> 32);

    private static ulong AddressOf(ref ulong sptep) => (ulong)System.Runtime.CompilerServices.Unsafe.AsPointer(ref sptep);

    /// <summary>Goes through the SPTEs behind a head.</summary>
    public ref struct Walk
    {
        private readonly RmapChains<TMachine> _chains;
        private readonly ulong _only;
        private ulong* _at;
        private int _index = -1;
        private int _own;
        private ref ulong _current;

        internal Walk(RmapChains<TMachine> chains, ulong head)
        {
            _chains = chains;
            _at = DescriptorOf(head);
            if (_at == null) _only = head & ~Locked;
            else _own = Own(chains.CountsOf(_at));
        }

        /// <summary>The SPTE that the walk is at. What is in it may change while a lock keeps the chain as it is.</summary>
        public readonly ref ulong Current => ref _current;

        public bool MoveNext()
        {
            _index++;
            if (_at == null)
            {
                if (_only == 0 || _index > 0) return false;
                _current = ref *(ulong*)_only;
                return true;
            }
            while (_index >= _own)
            {
                _at = (ulong*)_chains._machine.LoadRelaxed(ref _at[MoreWord]);
                if (_at == null)
                {
                    // Past the end for good.
                    _index = 1;
                    return false;
                }
                _index = 0;
                _own = Own(_chains.CountsOf(_at));
            }
            _current = ref *(ulong*)_chains._machine.LoadRelaxed(ref _at[FirstSpteWord + _index]);
            return true;
        }
    }
}
