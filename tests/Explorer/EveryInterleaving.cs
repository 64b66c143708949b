using System.Text;
using Lab.Explorer;

namespace Lab.Tests.Explorer;

/// <summary>All interleavings of a <see cref="TinyProgram"/> on a machine with memory and, under x86-TSO, a first-in-first-out
/// store buffer per thread. Shares no idea with the graph search: it knows no axioms, only what a machine does step by
/// step.</summary>
internal sealed class EveryInterleaving
{
    private readonly TinyProgram _program;
    private readonly bool _isTso;
    private readonly HashSet<string> _seen = [];
    private readonly int[] _next;
    private readonly ulong[][] _registers;
    private readonly int[][] _sources;
    private readonly List<(int Id, int Word, ulong Value)>[] _buffers;
    private readonly List<int>[] _orders;
    private readonly ulong[] _memory;

    private EveryInterleaving(TinyProgram program, MemoryModel model)
    {
        (_program, _isTso) = (program, model == MemoryModel.Tso);
        _next = new int[program.Threads.Length];
        _registers = [.. program.Threads.Select(ops => new ulong[ops.Length])];
        _sources = [.. program.Threads.Select(ops => new int[ops.Length])];
        _buffers = [.. program.Threads.Select(_ => new List<(int, int, ulong)>())];
        _orders = [.. Enumerable.Range(0, program.Places).Select(_ => new List<int>())];
        _memory = new ulong[program.Places];
    }

    /// <summary>Distinct pairs of what reads read and in which order writes reached memory.</summary>
    public HashSet<string> Classes { get; } = [];

    public HashSet<string> Outcomes { get; } = [];

    /// <summary>Some interleaving leaves a thread waiting forever.</summary>
    public bool IsStuck { get; private set; }

    public static EveryInterleaving Of(TinyProgram program, MemoryModel model)
    {
        EveryInterleaving all = new(program, model);
        all.Go();
        return all;
    }

    private void Go()
    {
        string history = History();
        if (!_seen.Add(history)) return;
        bool isOver = true;
        bool isEnded = true;
        for (int thread = 0; thread < _next.Length; thread++)
        {
            if (_buffers[thread].Count > 0)
            {
                isOver = false;
                (int id, int word, ulong value) = _buffers[thread][0];
                ulong before = _memory[word];
                _buffers[thread].RemoveAt(0);
                Arrive(id, word, value);
                Go();
                Leave(word, before);
                _buffers[thread].Insert(0, (id, word, value));
            }
            if (_next[thread] == _program.Threads[thread].Length) continue;
            isEnded = false;
            TinyOp op = _program.Threads[thread][_next[thread]];
            if (op.Do == Do.Await && Look(thread, op.Word).Value == 0) continue;
            bool needsEmptyBuffer = op.Do is Do.Add or Do.CompareExchange or Do.Fence or Do.Lock or Do.Unlock;
            if (needsEmptyBuffer && _buffers[thread].Count > 0) continue;
            if (op.Do == Do.Lock && _memory[op.Word] != 0) continue;
            isOver = false;
            Step(thread, op);
        }
        IsStuck |= isOver && !isEnded;
        if (!isOver || !isEnded) return;
        Classes.Add(history);
        Outcomes.Add(TinyProgram.Outcome(_registers, _memory[.._program.Words]));
    }

    private void Step(int thread, TinyOp op)
    {
        int index = _next[thread]++;
        int id = 1 + thread * 100 + index;
        ulong before = _memory[op.Word];
        (int source, ulong found) = Look(thread, op.Word);
        bool reads = op.Do is Do.Load or Do.Add or Do.CompareExchange or Do.Await;
        _registers[thread][index] = reads ? found : 0;
        _sources[thread][index] = reads ? source : 0;
        ulong? written = op.Do switch
        {
            Do.Store => op.A,
            Do.StoreRegister => _registers[thread][op.A],
            Do.Add => found + op.A,
            Do.Lock => 1,
            Do.Unlock => 0,
            Do.CompareExchange when found == op.A => op.B,
            _ => null,
        };
        if (written is not { } value)
        {
            Go();
        }
        else if (_isTso && (op.Do is Do.Store or Do.StoreRegister))
        {
            _buffers[thread].Add((id, op.Word, value));
            Go();
            _buffers[thread].RemoveAt(_buffers[thread].Count - 1);
        }
        else
        {
            Arrive(id, op.Word, value);
            Go();
            Leave(op.Word, before);
        }
        _next[thread]--;
        _registers[thread][index] = 0;
        _sources[thread][index] = 0;
    }

    private (int Source, ulong Value) Look(int thread, int word)
    {
        for (int index = _buffers[thread].Count - 1; index >= 0; index--)
        {
            if (_buffers[thread][index].Word == word) return (_buffers[thread][index].Id, _buffers[thread][index].Value);
        }
        return (_orders[word].Count == 0 ? 0 : _orders[word][^1], _memory[word]);
    }

    private void Arrive(int id, int word, ulong value)
    {
        _orders[word].Add(id);
        _memory[word] = value;
    }

    private void Leave(int word, ulong before)
    {
        _orders[word].RemoveAt(_orders[word].Count - 1);
        _memory[word] = before;
    }

    private string History()
    {
        StringBuilder text = new();
        for (int thread = 0; thread < _next.Length; thread++)
        {
            text.Append(_next[thread]).Append(':').AppendJoin(',', _sources[thread]).Append(':').AppendJoin(',',
                _buffers[thread].Select(store => store.Id)).Append(';');
        }
        foreach (List<int> order in _orders) text.AppendJoin(',', order).Append('/');
        return text.ToString();
    }
}
