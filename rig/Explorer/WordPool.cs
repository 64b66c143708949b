using System.Runtime.InteropServices;

namespace Lab.Explorer;

/// <summary>Native memory for the words of a <see cref="Scene"/>: one word per cache line, numbered from zero in order of
/// declaration.</summary>
internal sealed unsafe class WordPool
{
    internal const int WordsMax = 4096;
    private const int BytesPerWord = 64;
    private readonly nint _base;
    private int _count;

    // SAFETY: WordsMax lines are allocated and numbers stay below it; Free is called when no code that knows an address can run
    // any more.
    internal WordPool() => _base = (nint)NativeMemory.AlignedAlloc(WordsMax * BytesPerWord, BytesPerWord);

    /// <summary>The next word, holding its initial value. Throws <see cref="InvalidOperationException"/> when the pool is used
    /// up.</summary>
    internal Word Add(string name, ulong initial)
    {
        if (_count == WordsMax) throw new InvalidOperationException($"A scene has at most {WordsMax:N0} words.");
        Word word = new(name, _base + _count++ * BytesPerWord, initial);
        word.Value = initial;
        return word;
    }

    /// <summary>Number of the word at an address, or −1 if it is not one of the pool's.</summary>
    internal int IndexOf(nint address)
    {
        nint offset = address - _base;
        return offset >= 0 && offset < _count * BytesPerWord && offset % BytesPerWord == 0 ? (int)(offset / BytesPerWord) : -1;
    }

    // SAFETY: see the constructor.
    internal void Free() => NativeMemory.AlignedFree((void*)_base);
}
