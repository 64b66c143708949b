using System.Numerics;
using Lab.Explorer.Seam;

namespace Lab.Explorer.Sampling;

/// <content>Store buffers under x86-TSO.</content>
internal sealed partial class SamplingRun
{
    /// <summary>What a load by the thread returns: its own latest store that is still on its way, else memory.</summary>
    private ulong Visible(int thread, int word)
    {
        if (_isTso)
        {
            int[] words = _bufferWords[thread];
            for (int entry = _bufferTails[thread] - 1; entry >= _bufferHeads[thread]; entry--)
            {
                if (words[entry] == word) return _bufferValues[thread][entry];
            }
        }
        return _memory[word];
    }

    private void Buffer(int thread, int word, ulong value)
    {
        int entry = _bufferTails[thread]++;
        if (entry == _bufferWords[thread].Length)
        {
            Array.Resize(ref _bufferWords[thread], entry * 2);
            Array.Resize(ref _bufferValues[thread], entry * 2);
        }
        _bufferWords[thread][entry] = word;
        _bufferValues[thread][entry] = value;
        _drainable |= 1u << (_threads + thread);
        _next[_threads + thread] = new Operation(OperationKind.Drain, _bufferWords[thread][_bufferHeads[thread]]);
    }

    private void DrainOldest(int thread)
    {
        int entry = _bufferHeads[thread]++;
        Change(_bufferWords[thread][entry], _bufferValues[thread][entry]);
        if (entry + 1 == _bufferTails[thread]) _drainable &= ~(1u << (_threads + thread));
        else _next[_threads + thread] = new Operation(OperationKind.Drain, _bufferWords[thread][entry + 1]);
    }

    private void DrainAll(int thread)
    {
        while (_bufferHeads[thread] < _bufferTails[thread]) DrainOldest(thread);
    }

    private void DrainEverybody()
    {
        for (uint rest = _drainable; rest != 0; rest &= rest - 1) DrainAll(BitOperations.TrailingZeroCount(rest) - _threads);
    }
}
