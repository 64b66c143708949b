using System.Numerics;
using Lab.Explorer.Seam;

namespace Lab.Explorer.Sampling;

/// <content>Words, store buffers, locks and grace periods: what an event does, and whether it can be done.</content>
internal sealed partial class SamplingRun
{
    private int _words;
    private ulong[] _memory = [];
    private ulong[] _initial = [];

    /// <summary>Open addressing over the words' addresses; at most half full.</summary>
    private nint[] _addresses = [];
    private int[] _numbers = [];

    // Store buffers: entries from head to tail are on their way; those before the head stay until the execution is over, for its
    // story.
    private int[][] _bufferWords = [];
    private ulong[][] _bufferValues = [];
    private int[] _bufferHeads = [];
    private int[] _bufferTails = [];

    /// <summary>Locks and domains in order of appearance; their owner or −1, and for each thread how often it is in on the shared
    /// side.</summary>
    private readonly List<object> _locks = [];
    private int[] _owners = new int[4];
    private int[] _sharers = [];
    private uint[] _sharerMasks = new uint[4];

    /// <summary>Outermost read-side sections begun, per lock and thread; and per thread in a grace period those it waits for,
    /// zero for none.</summary>
    private int[] _sections = [];
    private readonly int[] _awaited = new int[32 * 32];

    private void PrepareMemory()
    {
        _words = _scene.Words.Count;
        _initial = [.. _scene.Words.Select(word => word.Initial)];
        _memory = new ulong[_words];
        int slots = (int)BitOperations.RoundUpToPowerOf2((uint)(2 * _words + 2));
        _addresses = new nint[slots];
        _numbers = new int[slots];
        for (int word = 0; word < _words; word++)
        {
            int slot = SlotOf(_scene.Words[word].Address);
            _addresses[slot] = _scene.Words[word].Address;
            _numbers[slot] = word;
        }
        _bufferWords = [.. Enumerable.Range(0, _threads).Select(_ => new int[64])];
        _bufferValues = [.. Enumerable.Range(0, _threads).Select(_ => new ulong[64])];
        _bufferHeads = new int[_threads];
        _bufferTails = new int[_threads];
        _sharers = new int[_owners.Length * _threads];
        _sections = new int[_owners.Length * _threads];
        PrepareWaiting();
    }

    private void ResetMemory()
    {
        _initial.CopyTo(_memory, 0);
        if (_isTso)
        {
            Array.Clear(_bufferHeads);
            Array.Clear(_bufferTails);
        }
        if (_locks.Count > 0)
        {
            Array.Fill(_owners, -1);
            Array.Clear(_sharers);
            Array.Clear(_sharerMasks);
            Array.Clear(_sections);
        }
        ResetWaiting();
    }

    /// <summary>Number of the word, or −1.</summary>
    private int WordAt(nint address)
    {
        int slot = SlotOf(address);
        return _addresses[slot] == address ? _numbers[slot] : -1;
    }

    /// <summary>Slot that holds the address, or the free one where it would go.</summary>
    private int SlotOf(nint address)
    {
        // Words are mostly a cache line apart; both halves of the shift vary then.
        int mask = _addresses.Length - 1;
        int slot = (int)((address >> 3) ^ (address >> 6)) & mask;
        while (_addresses[slot] != address && _addresses[slot] != 0) slot = (slot + 1) & mask;
        return slot;
    }

    private int NumberOf(object theLock)
    {
        for (int index = 0; index < _locks.Count; index++) if (ReferenceEquals(_locks[index], theLock)) return index;
        _locks.Add(theLock);
        if (_locks.Count > _owners.Length)
        {
            Array.Resize(ref _owners, _owners.Length * 2);
            Array.Resize(ref _sharerMasks, _owners.Length);
            Array.Resize(ref _sharers, _owners.Length * _threads);
            Array.Resize(ref _sections, _owners.Length * _threads);
        }
        _owners[_locks.Count - 1] = -1;
        return _locks.Count - 1;
    }

    private Operation OperationOf(int thread, in SamplingEvent pending)
    {
        if (_isTso)
        {
            if (pending.Kind == OperationKind.Store) return new Operation(OperationKind.Local, 0);
            // What drains a buffer on its way touches other words too.
            if (Drains(pending.Kind) && _bufferHeads[thread] != _bufferTails[thread])
            {
                return new Operation(OperationKind.Everything, 0);
            }
        }
        return new Operation(pending.Kind, pending.Target);
    }

    /// <remarks>Leaving a read-side section drains because its store must not be seen before those made inside; entering one is a
    /// plain store whose order the grace period forces, so it drains nothing.</remarks>
    private static bool Drains(OperationKind kind) =>
        kind is not (OperationKind.Load or OperationKind.Store or OperationKind.EnterRcu or OperationKind.IsContended);

    /// <summary>Whether a lock or a grace period lets the thread do what it is about to do.</summary>
    private bool CanTake(int thread, in SamplingEvent pending)
    {
        int place = (int)pending.Place;
        switch (pending.Kind)
        {
            case OperationKind.EnterShared:
                return _owners[place] < 0;
            case OperationKind.EnterExclusive:
                return _owners[place] < 0 && _sharerMasks[place] == 0;
            case OperationKind.Synchronize when pending.Operand == 1:
                for (int reader = 0; reader < _threads; reader++) if (IsAwaited(thread, reader, place)) return false;
                return true;
            default:
                return true;
        }
    }

    private bool IsAwaited(int thread, int reader, int domain)
    {
        int awaited = _awaited[thread * 32 + reader];
        return awaited != 0 && _sections[domain * _threads + reader] == awaited && _sharers[domain * _threads + reader] > 0;
    }

    /// <summary>Does what the thread is about to do and returns what it is told.</summary>
    private ulong Take(int thread, in SamplingEvent pending)
    {
        EndWaiting(thread);
        if (_isTso && Drains(pending.Kind)) DrainAll(thread);
        int target = pending.Target;
        switch (pending.Kind)
        {
            case OperationKind.Load:
                ulong value = Visible(thread, target);
                NoteLoad(thread, target, value);
                return value;
            case OperationKind.Store:
                if (_isTso) Buffer(thread, target, pending.Operand);
                else Change(target, pending.Operand);
                NoteOther(thread);
                return 0;
            case OperationKind.Modify:
                ulong old = _memory[target];
                ulong made = Modified(pending, old);
                Change(target, made);
                if (made == old)
                {
                    NoteLoad(thread, target, old);
                    return old;
                }
                NoteOther(thread);
                NoteRead(thread, target, made);
                return old;
            default:
                NoteOther(thread);
                return TakeLock(thread, pending.Kind, (int)pending.Place, pending.Operand);
        }
    }

    private void Change(int word, ulong value)
    {
        if (_memory[word] == value) return;
        _memory[word] = value;
        _changes++;
    }

    internal static ulong Modified(in SamplingEvent modify, ulong old) => modify.How switch
    {
        Modification.Add => unchecked(old + modify.Operand),
        Modification.Exchange => modify.Operand,
        Modification.CompareExchange => old == modify.Comparand ? modify.Operand : old,
        Modification.Or => old | modify.Operand,
        _ => old & modify.Operand,
    };

    private ulong TakeLock(int thread, OperationKind kind, int place, ulong operand)
    {
        ref int sharers = ref _sharers[place * _threads + thread];
        switch (kind)
        {
            case OperationKind.EnterExclusive:
                _owners[place] = thread;
                break;
            case OperationKind.ExitExclusive:
                if (_owners[place] != thread) ReportNotHeld(thread, place);
                _owners[place] = -1;
                break;
            case OperationKind.EnterShared:
            case OperationKind.EnterRcu:
                if (sharers++ == 0) _sections[place * _threads + thread]++;
                _sharerMasks[place] |= 1u << thread;
                break;
            case OperationKind.ExitShared:
            case OperationKind.ExitRcu:
                if (sharers == 0) ReportNotHeld(thread, place);
                else if (--sharers == 0) _sharerMasks[place] &= ~(1u << thread);
                break;
            case OperationKind.Synchronize when operand == 0:
                if (_isTso) DrainEverybody();
                for (int reader = 0; reader < _threads; reader++)
                {
                    _awaited[thread * 32 + reader] =
                        _sharers[place * _threads + reader] > 0 ? _sections[place * _threads + reader] : 0;
                }
                break;
            case OperationKind.IsContended:
                return IsSomebodyWaitingFor(place) ? 1UL : 0;
            case OperationKind.Everything:
            case OperationKind.Synchronize:
                if (_isTso) DrainEverybody();
                break;
        }
        return 0;
    }

    private bool IsSomebodyWaitingFor(int place)
    {
        for (int thread = 0; thread < _threads; thread++)
        {
            if ((_alive & _conditional & (1u << thread)) == 0) continue;
            ref readonly SamplingEvent pending = ref _logs[thread][_counts[thread]];
            if (pending.Kind is OperationKind.EnterShared or OperationKind.EnterExclusive && pending.Place == place
                && !CanTake(thread, pending))
            {
                return true;
            }
        }
        return false;
    }
}
