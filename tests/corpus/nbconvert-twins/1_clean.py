#!/usr/bin/env python
# coding: utf-8

# In[1]:


get_ipython().run_line_magic('matplotlib', 'inline')
import pandas as pd
wine = pd.read_csv('winequality.csv', sep=';')


# In[2]:


wine = wine.drop_duplicates()
wine['good'] = (wine['quality'] > 6).astype(int)


# In[3]:


wine.to_csv('wine_clean.csv', index=False)
